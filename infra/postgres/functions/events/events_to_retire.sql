-- Events whose keys in Redis are to be given an end: those that are over for p_rest_ms, ended or
-- cancelled. generation is that of the keys, for note_retired. In another order each time: one that
-- always fails must not stand before the others.
CREATE OR REPLACE FUNCTION boxoffice.events_to_retire(p_rest_ms bigint, p_limit bigint)
RETURNS TABLE (event_id text, generation bigint)
LANGUAGE sql VOLATILE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT e.id::text, e.generation FROM events AS e
    WHERE e.retired_at IS NULL AND e.over_at <= now() - p_rest_ms * interval '1 millisecond'
    ORDER BY random() LIMIT p_limit
$body$;
