-- Holds of an event that nobody has resolved, as far as the journal was drained.
CREATE OR REPLACE FUNCTION boxoffice.event_holds(p_event uuid, p_limit bigint)
RETURNS SETOF boxoffice.booking_row
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT booking_row_of(b)
    FROM bookings AS b
    -- The first half of the states is for the planner: see the index bookings_open_by_event.
    WHERE b.event_id = p_event AND b.state IN ('reserved', 'confirmed') AND b.state = 'reserved'
    ORDER BY b.id LIMIT p_limit
$body$;
