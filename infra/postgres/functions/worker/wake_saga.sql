-- Sets a saga going, or going again, from its first attempt.
CREATE OR REPLACE FUNCTION boxoffice.wake_saga(
    p_kind text, p_subject text, p_event uuid, p_step text, p_rest interval
) RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    INSERT INTO sagas AS known (id, kind, subject, event_id, step, due_at)
    VALUES (p_kind || ':' || p_subject, p_kind, p_subject, p_event, p_step, now() + p_rest)
    ON CONFLICT (id) DO UPDATE SET
        step = excluded.step, status = 'running', attempts = 0, revision = known.revision + 1,
        due_at = excluded.due_at, last_error = NULL, updated_at = now_utc(), finished_at = NULL
$body$;
