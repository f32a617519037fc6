-- How often the provider has refused what, and why.
CREATE OR REPLACE FUNCTION boxoffice.provider_refusals_so_far()
RETURNS TABLE (operation text, cause text, total bigint)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT r.operation, r.cause, r.total FROM provider_refusals AS r
    ORDER BY r.operation, r.cause
$body$;
