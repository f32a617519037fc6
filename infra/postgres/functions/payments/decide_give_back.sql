-- Decides to give a payment back, unless something is decided. decided tells whether by this call.
CREATE OR REPLACE FUNCTION boxoffice.decide_give_back(
    p_payment text, p_reason text, OUT decided boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE payments AS p SET decision = 'give_back', reason = p_reason, decided_at = now_utc(),
        updated_at = now_utc()
    -- mutant: decisions-change
    WHERE p.id = p_payment AND p.decision IS NULL;
    decided := FOUND;
    IF decided THEN
        PERFORM wake_payment(p_payment);
    END IF;
END
$body$;
