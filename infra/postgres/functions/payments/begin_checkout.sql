-- Begins to pay for a hold on a page of the provider, or finds the page that is open for it.
-- Outcomes: begun, with checkout and session_ends_at_ms; or why nothing can be paid, as in
-- record_payment: event_missing, invalid_seats, booking_differs, already_confirmed,
-- already_released, booking_expired, cancelled, event_ended.
CREATE OR REPLACE FUNCTION boxoffice.begin_checkout(
    p_booking text, p_event uuid, p_user uuid, p_section text, p_seats text[], p_quantity bigint,
    p_amount bigint, p_currency text, p_created_at_ms bigint, p_expires_at_ms bigint,
    p_checkout uuid, OUT outcome text, OUT checkout text, OUT session_ends_at_ms bigint
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    -- The provider lets a page live for 30 minutes at least. Our requests may come late.
    session_life_min CONSTANT interval := '35 minutes';
    v_sale record;
    v_state text;
    v_open checkouts;
BEGIN
    SELECT * INTO STRICT v_sale FROM lock_for_sale(p_booking, p_event, p_user, p_section, p_seats,
        p_quantity, p_amount, p_currency, p_created_at_ms, p_expires_at_ms);
    IF v_sale.refusal IS NOT NULL THEN
        outcome := v_sale.refusal;
        RETURN;
    END IF;
    v_state := booking_state(v_sale.booking);
    outcome := CASE
        WHEN v_sale.differs THEN 'booking_differs'
        WHEN v_state = 'confirmed' THEN 'already_confirmed'
        WHEN v_state = 'released' THEN 'already_released'
        WHEN v_state IN ('cancelled', 'refunded') OR v_sale.cancelled THEN 'cancelled'
        WHEN v_state = 'expired' THEN 'booking_expired'
        WHEN v_sale.ended THEN 'event_ended'
        ELSE 'begun'
    END;
    IF outcome <> 'begun' THEN
        RETURN;
    END IF;

    -- A page on which nobody can pay any more makes room for another one.
    UPDATE checkouts AS c SET ended_at = now_utc()
    WHERE c.booking_id = p_booking AND c.ended_at IS NULL
        AND (c.session_ends_at <= now() + interval '1 minute' OR EXISTS (
            SELECT FROM payments AS p
            WHERE p.booking_id = p_booking AND p.created_at >= c.created_at
                AND payment_is_given_up(p.provider_state, p.decision)
        ));
    INSERT INTO checkouts (id, booking_id, event_id, amount, currency, session_ends_at)
    VALUES (p_checkout, p_booking, p_event, p_amount, p_currency,
        date_trunc('second', greatest(now() + session_life_min, (v_sale.booking).expires_at)))
    ON CONFLICT (booking_id) WHERE ended_at IS NULL DO NOTHING;
    SELECT * INTO STRICT v_open FROM checkouts AS c
    WHERE c.booking_id = p_booking AND c.ended_at IS NULL;
    checkout := v_open.id::text;
    session_ends_at_ms := unix_ms(v_open.session_ends_at);
END
$body$;
