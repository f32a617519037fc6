-- The events that a run of the worker serves. Those on sale come first, or soon on sale; among
-- equals the order is another one each time: where there are more than a run can serve, or those of
-- a dead part of Redis take its time, each still has its turn.
CREATE OR REPLACE FUNCTION boxoffice.events_to_serve(p_limit bigint) RETURNS TABLE (event_id text)
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT event.id::text FROM events AS event
    WHERE NOT event.cancelled AND event.ends_at > now() - interval '1 hour'
    ORDER BY event.on_sale_at > now() + interval '1 minute', random() LIMIT p_limit;
$body$;
