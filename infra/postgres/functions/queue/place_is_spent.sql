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
            -- mutant: spent-places-come-back
            AND b.created_at >= instant(p_joined_at_ms)
    )
$body$;
