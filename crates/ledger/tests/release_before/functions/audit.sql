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
-- Compares the bookings of an event whose ids are above p_after, up to p_until ('' without an end),
-- with what Redis knows: p_held, holds that nobody is paying, and p_known, the others that are
-- held or were resolved there. Lost are bookings that are reserved and not past their time and in
-- neither, as in bookings_to_restore, up to p_limit. Ended are those of p_held that are over here.
CREATE OR REPLACE FUNCTION boxoffice.compare_holds(
    p_event uuid, p_after text, p_until text, p_held text[], p_known text[], p_limit bigint,
    OUT lost text, OUT ended text
)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT
        (SELECT coalesce(json_agg(json_build_array(
            b.id, b.user_id, b.section, b.seats, b.quantity, b.amount, b.currency,
            unix_ms(b.created_at), unix_ms(b.expires_at)
        ) ORDER BY b.id), '[]'::json)::text
        FROM (
            SELECT * FROM bookings AS each
            WHERE each.event_id = p_event AND each.id > p_after
                AND (p_until = '' OR each.id <= p_until COLLATE "C")
                -- The first half of the states is for the planner: see bookings_open_by_event.
                AND each.state IN ('reserved', 'confirmed') AND each.state = 'reserved'
                AND each.expires_at > now()
                AND NOT EXISTS (
                    SELECT FROM unnest(p_held || p_known) AS seen (id)
                    WHERE seen.id COLLATE "C" = each.id
                )
            ORDER BY each.id LIMIT p_limit
        ) AS b),
        (SELECT coalesce(json_agg(over.id), '[]'::json)::text
        FROM unnest(p_held) AS seen (id) JOIN bookings AS over ON over.id = seen.id COLLATE "C"
        WHERE over.event_id = p_event AND over.state NOT IN ('reserved', 'confirmed'))
$body$;
-- Counts what an audit came to.
CREATE OR REPLACE FUNCTION boxoffice.count_audit(
    p_event uuid, p_differences bigint, p_places bigint, p_counts bigint, p_buyers bigint,
    p_holds bigint, OUT audits bigint
)
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    INSERT INTO audit_totals AS t (
        event_id, audits, differences, places, counts, buyers, holds
    ) VALUES (p_event, 1, p_differences, p_places, p_counts, p_buyers, p_holds)
    ON CONFLICT (event_id) DO UPDATE SET
        audits = t.audits + 1,
        differences = t.differences + p_differences,
        places = t.places + p_places,
        counts = t.counts + p_counts,
        buyers = t.buyers + p_buyers,
        holds = t.holds + p_holds
    RETURNING t.audits
$body$;
-- Chooses events to audit: those that the worker serves and that were not audited for p_every_ms,
-- the longest unaudited first. Another worker gets others.
CREATE OR REPLACE FUNCTION boxoffice.events_to_audit(p_every_ms bigint, p_limit bigint)
RETURNS TABLE (event_id text)
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    UPDATE events AS e SET audited_at = now() WHERE e.id IN (
        SELECT due.id FROM events AS due
        WHERE due.ends_at > now() - interval '1 hour'
            AND due.audited_at < now() - p_every_ms * interval '1 millisecond'
        ORDER BY due.audited_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    )
    RETURNING e.id::text
$body$;
-- Ends bookings whose places Redis has lost and given to others. They read as expired, which is not
-- the last word: a payment that turns up later takes the places again if they are free. In the
-- order of their ids, as the drain does; those that were resolved meanwhile stay as they are.
CREATE OR REPLACE FUNCTION boxoffice.expire_lost_holds(p_bookings text[], OUT expired bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE bookings AS b SET state = 'expired' WHERE b.id IN (
        SELECT lost.id FROM bookings AS lost
        WHERE lost.id = ANY (p_bookings) AND lost.state = 'reserved'
        ORDER BY lost.id FOR UPDATE
    );
    GET DIAGNOSTICS expired = ROW_COUNT;
END
$body$;
-- The totals of an event, or with NULL of all.
CREATE OR REPLACE FUNCTION boxoffice.read_audit_totals(
    p_event uuid, OUT audits bigint, OUT differences bigint, OUT places bigint, OUT counts bigint,
    OUT buyers bigint, OUT holds bigint, OUT rebuilds bigint, OUT double_holds bigint
)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT coalesce(sum(t.audits), 0)::bigint, coalesce(sum(t.differences), 0)::bigint,
        coalesce(sum(t.places), 0)::bigint, coalesce(sum(t.counts), 0)::bigint,
        coalesce(sum(t.buyers), 0)::bigint, coalesce(sum(t.holds), 0)::bigint,
        coalesce(sum(t.rebuilds), 0)::bigint,
        (SELECT count(*) FROM double_holds AS d WHERE p_event IS NULL OR d.event_id = p_event)
    FROM audit_totals AS t WHERE p_event IS NULL OR t.event_id = p_event
$body$;
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
