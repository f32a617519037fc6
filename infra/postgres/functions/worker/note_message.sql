-- Notes the outcome of a delivery: p_error is NULL when it arrived.
CREATE OR REPLACE FUNCTION boxoffice.note_message(
    p_id text, p_error text, p_rest_ms bigint, OUT noted boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE outbox AS o SET
        attempts = o.attempts + 1,
        delivered_at = CASE WHEN p_error IS NULL THEN now() END,
        last_error = p_error,
        due_at = now() + p_rest_ms * interval '1 ms'
    WHERE o.id = p_id AND o.delivered_at IS NULL;
    noted := FOUND;
END
$body$;
