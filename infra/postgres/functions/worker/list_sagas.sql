-- Sagas for operators, newest first, after the one at (p_before_ms, p_before) if given.
CREATE OR REPLACE FUNCTION boxoffice.list_sagas(
    p_status text, p_limit bigint, p_before_ms bigint, p_before text
)
RETURNS TABLE (
    id text, kind text, subject text, event_id text, step text, status text, attempts bigint,
    due_at_ms bigint, last_error text, created_at_ms bigint, updated_at_ms bigint,
    finished_at_ms bigint
)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT s.id, s.kind, s.subject, s.event_id::text, s.step, s.status, s.attempts,
        unix_ms(s.due_at), s.last_error, unix_ms(s.created_at), unix_ms(s.updated_at),
        unix_ms(s.finished_at)
    FROM sagas AS s
    WHERE s.status = p_status
        AND (s.created_at, s.id)
            < (coalesce(instant(p_before_ms), 'infinity'::timestamptz), coalesce(p_before, ''))
    ORDER BY s.created_at DESC, s.id DESC LIMIT p_limit
$body$;
