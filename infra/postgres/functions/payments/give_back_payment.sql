-- Decides that a payment can pay for nothing. What was decided before stays.
CREATE OR REPLACE FUNCTION boxoffice.give_back_payment(
    p_payment text, p_reason text, OUT decided boolean
)
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT decide_give_back(p_payment, p_reason)
$body$;
