-- Whether the share of a part that was given up is still to go back from a payment.
CREATE OR REPLACE FUNCTION boxoffice.owes_part(p_payment text) RETURNS boolean
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT EXISTS (
        SELECT FROM given_up_parts AS g WHERE g.payment_id = p_payment AND g.done_at IS NULL
    )
$body$;
