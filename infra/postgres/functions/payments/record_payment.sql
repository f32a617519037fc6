-- Keeps a payment that was begun at the provider for a hold. Outcomes: recorded; payment_taken (it
-- belongs to another booking); or why nothing can be paid: event_missing, invalid_seats,
-- booking_differs, already_confirmed, already_released, booking_expired, cancelled, event_ended,
-- payment_given_back (with this one; the next one may do), payment_differs (not the price). A new
-- payment that is not wanted is kept all the same, to be cancelled at the provider.
CREATE OR REPLACE FUNCTION boxoffice.record_payment(
    p_booking text, p_event uuid, p_user uuid, p_section text, p_seats text[], p_quantity bigint,
    p_amount bigint, p_currency text, p_created_at_ms bigint, p_expires_at_ms bigint,
    p_payment text, p_asked bigint, p_asked_currency text, p_livemode boolean, OUT outcome text
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_sale record;
    v_booking bookings;
    v_state text;
    v_payment payments;
    v_is_new boolean;
BEGIN
    SELECT * INTO STRICT v_sale FROM lock_for_sale(p_booking, p_event, p_user, p_section, p_seats,
        p_quantity, p_amount, p_currency, p_created_at_ms, p_expires_at_ms);
    IF v_sale.refusal IS NOT NULL THEN
        outcome := v_sale.refusal;
        RETURN;
    END IF;
    v_booking := v_sale.booking;
    -- Before this payment keeps it.
    v_state := booking_state(v_booking);

    INSERT INTO payments (id, booking_id, event_id, amount, currency, livemode)
    VALUES (p_payment, p_booking, p_event, greatest(p_asked, 0), p_asked_currency, p_livemode)
    ON CONFLICT (id) DO NOTHING;
    v_is_new := FOUND;
    SELECT * INTO STRICT v_payment FROM payments AS p WHERE p.id = p_payment FOR UPDATE;
    IF v_payment.booking_id IS DISTINCT FROM p_booking THEN
        outcome := 'payment_taken';
        RETURN;
    END IF;

    outcome := CASE
        WHEN v_sale.differs THEN 'booking_differs'
        WHEN v_state = 'confirmed' THEN 'already_confirmed'
        WHEN v_state = 'released' THEN 'already_released'
        WHEN v_state IN ('cancelled', 'refunded') OR v_sale.cancelled THEN 'cancelled'
        WHEN v_state = 'expired' THEN 'booking_expired'
        WHEN v_sale.ended THEN 'event_ended'
        -- mutant: dead-payments-are-handed-out
        WHEN payment_is_given_up(v_payment.provider_state, v_payment.decision)
            THEN 'payment_given_back'
        WHEN (p_asked, p_asked_currency) IS DISTINCT FROM (p_amount, p_currency)
            THEN 'payment_differs'
        ELSE 'recorded'
    END;
    IF v_is_new THEN
        IF outcome = 'recorded' THEN
            PERFORM wake_payment(p_payment);
        ELSE
            PERFORM decide_give_back(p_payment, outcome);
        END IF;
    END IF;
END
$body$;
