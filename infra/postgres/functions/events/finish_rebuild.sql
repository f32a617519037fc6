-- Ends a rebuild, or (not p_rebuilt) the look after an event that was not lost.
CREATE OR REPLACE FUNCTION boxoffice.finish_rebuild(
    p_event uuid, p_generation bigint, p_rebuilt boolean, OUT finished boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE events AS e SET rebuild_until = NULL
    WHERE e.id = p_event AND e.generation = p_generation AND e.rebuild_until IS NOT NULL;
    finished := FOUND;
    IF finished AND p_rebuilt THEN
        INSERT INTO audit_totals AS t (event_id, rebuilds) VALUES (p_event, 1)
        ON CONFLICT (event_id) DO UPDATE SET rebuilds = t.rebuilds + 1;
    END IF;
END
$body$;
