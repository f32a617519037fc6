-- Cancels up to p_limit confirmed bookings of a cancelled event. Those in use are left for the next
-- batch. remaining: how many are left, counted to 1.
CREATE OR REPLACE FUNCTION boxoffice.cancel_event_bookings(
    p_event uuid, p_limit bigint, OUT cancelled bigint, OUT remaining bigint
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_booking bookings;
BEGIN
    cancelled := 0;
    FOR v_booking IN
        SELECT b.* FROM bookings AS b
        -- The first half of the states is for the planner: see the index bookings_open_by_event.
        WHERE b.event_id = p_event AND b.state IN ('reserved', 'confirmed')
            AND b.state = 'confirmed'
            AND EXISTS (SELECT FROM events AS e WHERE e.id = p_event AND e.cancelled)
        ORDER BY b.id LIMIT p_limit FOR UPDATE SKIP LOCKED
    LOOP
        PERFORM withdraw_booking(v_booking, 'cancelled', 'event_cancelled');
        cancelled := cancelled + 1;
    END LOOP;
    SELECT count(*) INTO remaining FROM (
        SELECT FROM bookings AS b WHERE b.event_id = p_event AND b.state = 'confirmed' LIMIT 1
    ) AS one;
END
$body$;
