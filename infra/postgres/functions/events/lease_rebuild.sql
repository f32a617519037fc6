-- Lets one instance look after a lost event. Outcomes: leased, with the generation the event had;
-- busy (another one does); event_missing.
CREATE OR REPLACE FUNCTION boxoffice.lease_rebuild(
    p_event uuid, p_lease_ms bigint, OUT outcome text, OUT generation bigint
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE events AS e SET rebuild_until = now() + p_lease_ms * interval '1 millisecond'
    WHERE e.id = p_event AND (e.rebuild_until IS NULL OR e.rebuild_until <= now())
    RETURNING e.generation INTO lease_rebuild.generation;
    outcome := CASE
        WHEN FOUND THEN 'leased'
        WHEN EXISTS (SELECT FROM events AS e WHERE e.id = p_event) THEN 'busy'
        ELSE 'event_missing'
    END;
END
$body$;
