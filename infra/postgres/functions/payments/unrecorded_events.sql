-- Those of p_ids that no webhook and no list has brought yet.
CREATE OR REPLACE FUNCTION boxoffice.unrecorded_events(p_ids text[]) RETURNS TABLE (id text)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT given.id FROM unnest(p_ids) AS given (id)
    -- mutant: known-events-are-recorded-again
    WHERE NOT EXISTS (SELECT FROM provider_events AS kept WHERE kept.id = given.id)
$body$;
