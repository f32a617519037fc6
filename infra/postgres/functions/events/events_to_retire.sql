-- Events whose keys in Redis are to be given an end: those that are over for p_rest_ms, ended or
-- cancelled, the longest over first. generation is that of the keys, for note_retired.
CREATE OR REPLACE FUNCTION boxoffice.events_to_retire(p_rest_ms bigint, p_limit bigint)
RETURNS TABLE (event_id text, generation bigint)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT e.id::text, e.generation FROM events AS e
    WHERE e.retired_at IS NULL AND e.over_at <= now() - p_rest_ms * interval '1 millisecond'
    ORDER BY e.over_at LIMIT p_limit
$body$;
