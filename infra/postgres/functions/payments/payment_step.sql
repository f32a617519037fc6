-- What is to be done about a payment: the same table as domain::payment::next_step.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.payment_step(state text, decision text, owes_part boolean)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN decision IS NULL THEN CASE
        WHEN state IN ('created', 'processing', 'failed') THEN 'await'
        WHEN state = 'canceled' THEN 'done'
        ELSE 'settle'
    END
    WHEN decision = 'keep' THEN CASE
        WHEN state IN ('canceled', 'refunded') THEN 'withdraw'
        -- mutant: the-ledger-forgets-shares
        WHEN state = 'captured' AND owes_part THEN 'refund_part'
        WHEN state = 'captured' THEN 'done'
        ELSE 'capture'
    END
    WHEN state IN ('canceled', 'refunded') THEN 'done'
    ELSE 'give_back'
END;
