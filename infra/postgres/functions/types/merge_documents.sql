-- A document with a change merged into it: members that the change does not name stay, at any
-- depth.
CREATE OR REPLACE FUNCTION boxoffice.merge_documents(document jsonb, change jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT CASE
        WHEN jsonb_typeof(document) = 'object' AND jsonb_typeof(change) = 'object' THEN
            document || (
                SELECT coalesce(jsonb_object_agg(
                    new.key, merge_documents(document -> new.key, new.value)
                ), '{}')
                FROM jsonb_each(change) AS new
            )
        ELSE change
    END
$body$;
