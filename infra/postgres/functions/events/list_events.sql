-- Newest first. Ids are UUIDs version 7, so their order is the order of creation.
CREATE OR REPLACE FUNCTION boxoffice.list_events(
    p_limit bigint, p_before uuid, p_active_only boolean
)
RETURNS TABLE (document text)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT event_document(event) FROM events AS event
    -- Without a cursor, before the last of all ids: one plan for both, on one index range.
    WHERE event.id < coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
        AND (NOT p_active_only OR NOT event.cancelled AND event.ends_at > now())
    ORDER BY event.id DESC LIMIT p_limit;
$body$;
