-- Notes how far a saga came: p_status running (due again after p_rest_ms), done or dead; p_error
-- when the step failed. noted is false when it has changed since p_revision.
CREATE OR REPLACE FUNCTION boxoffice.note_saga(
    p_id text, p_revision bigint, p_step text, p_status text, p_rest_ms bigint, p_error text,
    OUT noted boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE sagas AS s SET
        step = p_step,
        status = p_status,
        attempts = CASE WHEN p_error IS NULL THEN 0 ELSE s.attempts + 1 END,
        revision = s.revision + 1,
        due_at = now() + p_rest_ms * interval '1 ms',
        last_error = p_error,
        updated_at = now_utc(),
        finished_at = CASE WHEN p_status <> 'running' THEN now_utc() END
    -- mutant: stale-workers-note
    WHERE s.id = p_id AND s.revision = p_revision AND s.status = 'running';
    noted := FOUND;
END
$body$;
