-- A page of what Redis must know again: bookings in p_state (confirmed, or reserved and not
-- expired) after p_after, in the order of their ids, which is that of their making. No row when
-- somebody else has begun a newer life; else the lease is renewed.
CREATE OR REPLACE FUNCTION boxoffice.restore_page(
    p_event uuid, p_generation bigint, p_lease_ms bigint, p_state text, p_after text, p_limit bigint
)
RETURNS TABLE (page text)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE events AS e SET rebuild_until = now() + p_lease_ms * interval '1 millisecond'
    WHERE e.id = p_event AND e.generation = p_generation;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT coalesce(
        json_agg(stored_booking(b.found) ORDER BY (b.found).id), '[]'::json
    )::text
    FROM (
        SELECT each AS found FROM bookings AS each
        WHERE each.event_id = p_event AND each.id > p_after
            -- The first half of the states is for the planner: see bookings_open_by_event.
            AND each.state IN ('reserved', 'confirmed') AND each.state = p_state
            AND (each.state = 'confirmed' OR each.expires_at > now()
                OR booking_state(each) = 'reserved')
        ORDER BY each.id LIMIT p_limit
    ) AS b;
END
$body$;
