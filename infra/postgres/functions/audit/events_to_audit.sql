-- Chooses events to audit: those that the worker serves and that were not audited for p_every_ms,
-- the longest unaudited first. Another worker gets others.
CREATE OR REPLACE FUNCTION boxoffice.events_to_audit(p_every_ms bigint, p_limit bigint)
RETURNS TABLE (event_id text)
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    UPDATE events AS e SET audited_at = now() WHERE e.id IN (
        SELECT due.id FROM events AS due
        WHERE due.ends_at > now() - interval '1 hour'
            AND due.audited_at < now() - p_every_ms * interval '1 millisecond'
        ORDER BY due.audited_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    )
    RETURNING e.id::text
$body$;
