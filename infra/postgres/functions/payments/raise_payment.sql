-- Takes in what the provider says of a payment, in any order and any number of times: the state
-- only rises. Outcomes: applied, other_booking (it names another one than before), unknown_booking
-- (of no event of ours, or of a payment that is not ours). p_event is the event of p_booking, NULL
-- when that is no booking id.
--
-- Ours is a payment that was begun here (record_payment knows it before its buyer can pay), or one
-- that has been taken: that money is with us. The authorisation of any other is never captured.
CREATE OR REPLACE FUNCTION boxoffice.raise_payment(
    p_payment text, p_booking text, p_event uuid, p_state text, p_amount bigint, p_currency text,
    p_whole boolean, p_amount_refunded bigint, p_livemode boolean, OUT outcome text
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_is_ours boolean := p_event IS NOT NULL AND EXISTS (
        SELECT FROM events AS e WHERE e.id = p_event
    );
    -- The booking before the payment, as everywhere.
    v_booking_id text := coalesce(
        (SELECT p.booking_id FROM payments AS p WHERE p.id = p_payment), p_booking
    );
    v_booking bookings;
    v_before payments;
    v_after payments;
BEGIN
    -- mutant: sales-of-unstored-bookings-are-not-seen
    PERFORM pg_advisory_xact_lock(booking_lock_key(v_booking_id));
    -- mutant: authorisations-of-others-pay
    IF v_is_ours AND p_state IN ('captured', 'refunded')
        OR p_booking IS NULL AND p_state = 'refunded'
    THEN
        INSERT INTO payments (id, booking_id, event_id, amount, currency, livemode)
        VALUES (p_payment, CASE WHEN v_is_ours THEN p_booking END,
            CASE WHEN v_is_ours THEN p_event END, greatest(p_amount, 0), p_currency, p_livemode)
        ON CONFLICT (id) DO NOTHING;
    END IF;
    IF v_booking_id IS NULL THEN
        -- Other news may have named it in this moment.
        SELECT p.booking_id INTO v_booking_id FROM payments AS p WHERE p.id = p_payment;
        PERFORM pg_advisory_xact_lock(booking_lock_key(v_booking_id));
    END IF;
    SELECT b.* INTO v_booking FROM bookings AS b WHERE b.id = v_booking_id FOR UPDATE;
    SELECT * INTO v_before FROM payments AS p WHERE p.id = p_payment FOR UPDATE;
    outcome := CASE
        WHEN v_before.id IS NULL THEN 'unknown_booking'
        -- mutant: a-payment-changes-its-booking
        WHEN p_booking <> v_before.booking_id THEN 'other_booking'
        WHEN p_booking IS NOT NULL AND v_before.booking_id IS NULL AND NOT v_is_ours
            THEN 'unknown_booking'
        ELSE 'applied'
    END;
    IF outcome <> 'applied' THEN
        RETURN;
    END IF;

    UPDATE payments AS p SET
        booking_id = coalesce(p.booking_id, p_booking),
        event_id = coalesce(p.event_id, p_event),
        provider_state = CASE
            -- mutant: payments-may-fall
            WHEN payment_rank(p_state) > payment_rank(p.provider_state) THEN p_state
            ELSE p.provider_state
        END,
        contradicted = p.contradicted OR p.decision IS NULL
            AND p_state IN ('authorised', 'captured')
            -- mutant: contradictions-are-forgotten
            AND (NOT p_whole OR p_amount <> p.amount OR p_currency <> p.currency),
        amount_refunded = CASE
            WHEN 'refunded' IN (p_state, p.provider_state) THEN p.amount
            ELSE greatest(p.amount_refunded, least(p_amount_refunded, p.amount))
        END,
        -- A sale that was refunded elsewhere is not kept; its booking follows below.
        decision = CASE WHEN p_state = 'refunded' AND p.decision = 'keep' THEN 'give_back'
            ELSE p.decision END,
        reason = CASE WHEN p_state = 'refunded' AND p.decision = 'keep' THEN 'refunded'
            ELSE p.reason END,
        updated_at = now_utc()
    WHERE p.id = p_payment RETURNING * INTO v_after;
    IF (v_before.booking_id, v_before.provider_state) IS NOT DISTINCT FROM
        (v_after.booking_id, v_after.provider_state)
    THEN
        -- Nothing new, unless this call has made the payment.
        IF NOT EXISTS (SELECT FROM sagas AS s WHERE s.id = 'payment:' || p_payment) THEN
            PERFORM wake_payment(p_payment);
        END IF;
        RETURN;
    END IF;
    PERFORM wake_payment(p_payment);

    IF v_booking.payment_id = p_payment AND v_after.decision = 'give_back'
        AND v_after.provider_state IN ('canceled', 'refunded')
    THEN
        UPDATE refunds AS r SET done_at = coalesce(r.done_at, now())
        WHERE r.payment_id = p_payment AND v_after.provider_state = 'refunded';
        -- The shares of its parts went back with it.
        -- mutant: shares-are-owed-for-ever
        UPDATE given_up_parts AS g SET done_at = coalesce(g.done_at, now_utc())
        WHERE g.payment_id = p_payment AND v_after.provider_state = 'refunded';
        IF v_booking.state = 'confirmed' THEN
            PERFORM withdraw_booking(v_booking, 'refunded', 'refunded');
        ELSIF v_booking.state = 'cancelled' THEN
            UPDATE bookings AS b SET state = 'refunded' WHERE b.id = v_booking.id;
            PERFORM announce(v_booking.id, 'refunded');
        END IF;
    END IF;
END
$body$;
