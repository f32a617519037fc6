-- A page of what is sold, after booking p_after: id, user, section, seats, quantity of each.
CREATE OR REPLACE FUNCTION boxoffice.sold_bookings(
    p_event uuid, p_after text, p_limit bigint, OUT page text
)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT coalesce(json_agg(json_build_array(b.id, b.user_id, b.section, b.seats, b.quantity)
        ORDER BY b.id), '[]'::json)::text
    FROM (
        SELECT * FROM bookings AS each
        WHERE each.event_id = p_event AND each.id > p_after
            -- The first half of the states is for the planner: see bookings_open_by_event.
            AND each.state IN ('reserved', 'confirmed') AND each.state = 'confirmed'
        ORDER BY each.id LIMIT p_limit
    ) AS b
$body$;
