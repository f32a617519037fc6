-- Writes down that a payment is about to be refunded, once. amount: what goes back beside the shares
-- of parts that were given up before, which are written down with them; NULL when nothing is to be
-- refunded (not decided so, or done).
CREATE OR REPLACE FUNCTION boxoffice.begin_refund(p_payment text, OUT amount bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    INSERT INTO refunds (payment_id, amount)
    SELECT p.id, p.amount - coalesce((
        SELECT sum(g.amount) FROM given_up_parts AS g WHERE g.payment_id = p.id
    ), 0)
    FROM payments AS p
    -- mutant: refunds-without-a-decision
    WHERE p.id = p_payment AND p.decision = 'give_back' AND p.provider_state <> 'refunded'
    ON CONFLICT (payment_id) DO NOTHING;
    SELECT r.amount INTO begin_refund.amount
    FROM refunds AS r JOIN payments AS p ON p.id = r.payment_id
    WHERE r.payment_id = p_payment AND p.provider_state <> 'refunded';
END
$body$;
