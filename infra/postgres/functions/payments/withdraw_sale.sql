-- Undoes a sale whose authorisation ended before its money was taken. Outcomes: withdrawn,
-- not_canceled (the provider does not say so), not_kept.
CREATE OR REPLACE FUNCTION boxoffice.withdraw_sale(p_payment text, OUT outcome text)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_booking bookings;
    v_payment payments;
BEGIN
    SELECT b.* INTO v_booking FROM bookings AS b WHERE b.payment_id = p_payment FOR UPDATE;
    SELECT * INTO v_payment FROM payments AS p WHERE p.id = p_payment FOR UPDATE;
    IF v_payment.decision IS DISTINCT FROM 'keep' OR v_booking.state <> 'confirmed' THEN
        outcome := 'not_kept';
    ELSIF v_payment.provider_state <> 'canceled' THEN
        outcome := 'not_canceled';
    ELSE
        outcome := 'withdrawn';
        PERFORM withdraw_booking(v_booking, 'cancelled', 'authorisation_ended');
    END IF;
END
$body$;
