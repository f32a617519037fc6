-- Notes how far the queue was let in.
CREATE OR REPLACE FUNCTION boxoffice.checkpoint_queue(
    p_event uuid, p_served bigint, OUT raised boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE events AS e SET queue_served = p_served
    WHERE e.id = p_event AND e.queue_served < p_served;
    raised := FOUND;
END
$body$;
