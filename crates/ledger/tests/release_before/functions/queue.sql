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
-- What is published of a draw; no row without such an event. The seed is NULL until the count
-- stands: from then on nobody's place can be chosen any more.
CREATE OR REPLACE FUNCTION boxoffice.find_draw(p_event uuid)
RETURNS TABLE (commitment text, seed text, count bigint, drawn_at_ms bigint)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT e.draw_commitment, CASE WHEN e.draw_count IS NOT NULL THEN e.draw_seed END,
        e.draw_count, unix_ms(e.drawn_at)
    FROM events AS e WHERE e.id = p_event
$body$;
-- Decides how many numbers are drawn for, once: whoever comes later gets what the first one said.
CREATE OR REPLACE FUNCTION boxoffice.fix_draw(p_event uuid, p_count bigint)
RETURNS TABLE (commitment text, seed text, count bigint, drawn_at_ms bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE events AS e SET draw_count = p_count, drawn_at = now_utc()
    WHERE e.id = p_event AND e.draw_count IS NULL;
    RETURN QUERY SELECT * FROM find_draw(p_event);
END
$body$;
-- Hands out queue numbers, each once; the same numbers again as long as the last block was for
-- p_state. No row without such an event.
CREATE OR REPLACE FUNCTION boxoffice.grant_numbers(p_event uuid, p_count bigint, p_state text)
RETURNS TABLE (first bigint, last bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    -- Who waits for another's block looks at the row again once that is committed.
    UPDATE events AS e SET
        numbers_state = p_state,
        numbers_first = e.queue_ceiling + 1,
        queue_ceiling = e.queue_ceiling + p_count
    WHERE e.id = p_event AND e.numbers_state IS DISTINCT FROM p_state;
    RETURN QUERY SELECT e.numbers_first, e.queue_ceiling FROM events AS e
    WHERE e.id = p_event AND e.numbers_state = p_state;
END
$body$;
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
-- Whether a place in the queue has had its effect: it was left, or its pass was used, which each
-- booking made since tells.
CREATE OR REPLACE FUNCTION boxoffice.place_is_spent(
    p_event uuid, p_user uuid, p_number bigint, p_joined_at_ms bigint, OUT spent boolean
)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT EXISTS (
        SELECT FROM queue_departures AS d
        WHERE d.event_id = p_event AND d.user_id = p_user AND d.number >= p_number
    ) OR EXISTS (
        SELECT FROM bookings AS b
        WHERE b.user_id = p_user AND b.event_id = p_event
            AND b.created_at >= instant(p_joined_at_ms)
    )
$body$;
