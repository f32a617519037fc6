-- Notes that a user has left the queue.
CREATE OR REPLACE FUNCTION boxoffice.leave_queue(
    p_event uuid, p_user uuid, p_number bigint, OUT noted boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    INSERT INTO queue_departures AS d (event_id, user_id, number)
    VALUES (p_event, p_user, p_number)
    ON CONFLICT (event_id, user_id) DO UPDATE SET number = excluded.number
    WHERE d.number < excluded.number;
    noted := FOUND;
END
$body$;
