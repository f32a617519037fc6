-- A payment; no row without it.
CREATE OR REPLACE FUNCTION boxoffice.find_payment(p_payment text) RETURNS TABLE (payment text)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT found.document FROM payment_document(p_payment) AS found (document)
    WHERE found.document IS NOT NULL
$body$;
