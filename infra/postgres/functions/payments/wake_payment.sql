-- Brings the saga of a payment in line with the payment: whenever one of its two facts changes.
CREATE OR REPLACE FUNCTION boxoffice.wake_payment(p_payment text) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_payment payments;
    v_step text;
BEGIN
    SELECT * INTO STRICT v_payment FROM payments AS p WHERE p.id = p_payment;
    IF v_payment.event_id IS NULL THEN
        RETURN;
    END IF;
    v_step := payment_step(v_payment.provider_state, v_payment.decision, owes_part(p_payment));
    PERFORM wake_saga('payment', p_payment, v_payment.event_id, v_step, CASE v_step
        -- A buyer needs some seconds to pay, and then the provider tells us.
        WHEN 'await' THEN interval '10 s'
        -- Who brought the news settles it at once; the worker comes if that did not work.
        WHEN 'settle' THEN interval '2 s'
        ELSE interval '0'
    END);
    IF v_step = 'done' THEN
        UPDATE sagas AS saga SET status = 'done', finished_at = now_utc()
        WHERE saga.id = 'payment:' || p_payment;
    END IF;
END
$body$;
