-- What Postgres knows of an event, in one moment: sold places of each section as JSON, places held
-- by bookings that are reserved and not past their time, and how many seats were ever held twice.
-- Notes double holds that it finds. No row without such an event.
CREATE OR REPLACE FUNCTION boxoffice.audit_facts(p_event uuid)
RETURNS TABLE (document text, sold text, held bigint, double_holds bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    INSERT INTO double_holds (event_id, seat, first_booking, second_booking)
    WITH live AS (
        SELECT b.id, seat FROM bookings AS b, unnest(b.seats) AS seat
        -- The first half of the states is for the planner: see the index bookings_open_by_event.
        WHERE b.event_id = p_event AND b.state IN ('reserved', 'confirmed')
            AND b.state = 'reserved' AND b.expires_at > now()
    )
    SELECT p_event, one.seat, least(one.id, other.id), greatest(one.id, other.id)
    FROM live AS one JOIN live AS other ON other.seat = one.seat AND one.id < other.id
    UNION
    SELECT p_event, ticket.seat, least(one.id, ticket.booking_id),
        greatest(one.id, ticket.booking_id)
    FROM live AS one JOIN tickets AS ticket
        ON ticket.event_id = p_event AND ticket.seat = one.seat AND ticket.booking_id <> one.id
    ON CONFLICT DO NOTHING;
    RETURN QUERY SELECT event_document(e),
        coalesce((
            SELECT json_agg(json_build_array(s.name, CASE s.kind
                WHEN 'standing' THEN s.standing_sold ELSE coalesce(t.sold, 0)
            END) ORDER BY s.place)
            FROM sections AS s
            LEFT JOIN (
                SELECT ticket.section, count(*) AS sold FROM tickets AS ticket
                WHERE ticket.event_id = p_event GROUP BY ticket.section
            ) AS t ON t.section = s.name
            WHERE s.event_id = p_event
        ), '[]'::json)::text,
        coalesce((
            SELECT sum(b.quantity) FROM bookings AS b
            WHERE b.event_id = p_event AND b.state IN ('reserved', 'confirmed')
                AND b.state = 'reserved' AND b.expires_at > now()
        ), 0)::bigint,
        (SELECT count(*) FROM double_holds AS d WHERE d.event_id = p_event)
    FROM events AS e WHERE e.id = p_event;
END
$body$;
