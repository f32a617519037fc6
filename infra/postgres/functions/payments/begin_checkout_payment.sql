-- Takes the payment that a buyer makes on the page of a checkout as ours, before anything that the
-- provider says of it is taken in. Outcomes: begun, known, unknown_checkout. The price is the one of
-- the checkout, whatever the payment says.
CREATE OR REPLACE FUNCTION boxoffice.begin_checkout_payment(
    p_checkout uuid, p_payment text, p_livemode boolean, OUT outcome text
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_checkout checkouts;
BEGIN
    -- mutant: any-payment-is-of-a-checkout
    SELECT * INTO v_checkout FROM checkouts AS c WHERE c.id = p_checkout;
    IF NOT FOUND THEN
        outcome := 'unknown_checkout';
        RETURN;
    END IF;
    -- The booking before the payment, as everywhere.
    PERFORM pg_advisory_xact_lock(booking_lock_key(v_checkout.booking_id));
    INSERT INTO payments (id, booking_id, event_id, amount, currency, livemode)
    VALUES (p_payment, v_checkout.booking_id, v_checkout.event_id, v_checkout.amount,
        v_checkout.currency, p_livemode)
    ON CONFLICT (id) DO NOTHING;
    IF FOUND THEN
        outcome := 'begun';
        PERFORM wake_payment(p_payment);
    ELSE
        outcome := 'known';
    END IF;
END
$body$;
