-- What the worker serves: not cancelled, and over for less than an hour.
CREATE OR REPLACE FUNCTION boxoffice.active_events(p_limit bigint) RETURNS TABLE (event_id text)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT event.id::text FROM events AS event
    WHERE NOT event.cancelled AND event.ends_at > now() - interval '1 hour'
    ORDER BY event.ends_at, event.id LIMIT p_limit;
$body$;
