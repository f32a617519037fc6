-- Sets a saga that is not done going from its first attempt, now. No row when there is none.
CREATE OR REPLACE FUNCTION boxoffice.retry_saga(p_id text)
RETURNS SETOF boxoffice.saga_row
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE sagas AS s SET status = 'running', attempts = 0, revision = s.revision + 1,
        due_at = now(), updated_at = now_utc(), finished_at = NULL
    WHERE s.id = p_id AND s.status <> 'done';
    RETURN QUERY SELECT (saga_row_of(s)).*
    FROM sagas AS s WHERE s.id = p_id;
END
$body$;
