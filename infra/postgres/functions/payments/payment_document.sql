-- A payment as the ledger crate reads it, with what its next step depends on.
CREATE OR REPLACE FUNCTION boxoffice.payment_document(p_payment text) RETURNS text
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT json_build_object(
        'id', payment.id,
        'booking_id', payment.booking_id,
        'amount', payment.amount,
        'currency', payment.currency,
        'provider_state', payment.provider_state,
        'contradicted', payment.contradicted,
        'decision', payment.decision,
        'amount_refunded', payment.amount_refunded,
        'booking_state', booking.state,
        'booking_is_over', coalesce(
            booking.state <> 'reserved' OR booking.expires_at <= now(), false
        ),
        'owed_part', (
            SELECT json_build_object('booking', g.booking_id, 'part', g.part, 'amount', g.amount)
            FROM given_up_parts AS g WHERE g.payment_id = payment.id AND g.done_at IS NULL
            ORDER BY g.part LIMIT 1
        ),
        'saga_revision', saga.revision
    )::text
    FROM payments AS payment
    LEFT JOIN bookings AS booking ON booking.id = payment.booking_id
    LEFT JOIN sagas AS saga ON saga.id = 'payment:' || payment.id
    WHERE payment.id = p_payment
$body$;
