-- Sets a saga that is not done going from its first attempt, now. No row when there is none.
CREATE OR REPLACE FUNCTION boxoffice.retry_saga(p_id text)
RETURNS TABLE (
    id text, kind text, subject text, event_id text, step text, status text, attempts bigint,
    due_at_ms bigint, last_error text, created_at_ms bigint, updated_at_ms bigint,
    finished_at_ms bigint
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE sagas AS s SET status = 'running', attempts = 0, revision = s.revision + 1,
        due_at = now(), updated_at = now_utc(), finished_at = NULL
    WHERE s.id = p_id AND s.status <> 'done';
    RETURN QUERY SELECT s.id, s.kind, s.subject, s.event_id::text, s.step, s.status, s.attempts,
        unix_ms(s.due_at), s.last_error, unix_ms(s.created_at), unix_ms(s.updated_at),
        unix_ms(s.finished_at)
    FROM sagas AS s WHERE s.id = p_id;
END
$body$;
