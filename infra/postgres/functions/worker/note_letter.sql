-- Notes what became of a letter: done, failed (due again after p_rest_ms) or dead. noted is false
-- when its end was known.
CREATE OR REPLACE FUNCTION boxoffice.note_letter(
    p_id text, p_outcome text, p_error text, p_rest_ms bigint, OUT noted boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE letters AS l SET
        attempts = l.attempts + 1,
        -- mutant: letters-that-were-sent-stay-due
        done_at = CASE WHEN p_outcome = 'done' THEN now() END,
        dead_at = CASE WHEN p_outcome = 'dead' THEN now() END,
        email = CASE WHEN p_outcome = 'failed' THEN l.email END,
        last_error = p_error,
        due_at = now() + p_rest_ms * interval '1 ms'
    WHERE l.id = p_id AND l.done_at IS NULL AND l.dead_at IS NULL;
    noted := FOUND;
END
$body$;
