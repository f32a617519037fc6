-- Holds of which the two stores tell different things: a failover has lost what Redis had
-- acknowledged, a hold or the end of one.

-- Compares the bookings of an event whose ids are above p_after, up to p_until ('' without an end),
-- with what Redis knows: p_held, holds that nobody is paying, and p_known, the others that are
-- held or were resolved there. Lost are bookings that are reserved and not past their time and in
-- neither, as in bookings_to_restore, up to p_limit. Ended are those of p_held that are over here.
CREATE FUNCTION boxoffice.compare_holds(
    p_event uuid, p_after text, p_until text, p_held text[], p_known text[], p_limit bigint,
    OUT lost text, OUT ended text
)
LANGUAGE sql STABLE
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

-- Ends bookings whose places Redis has lost and given to others. They read as expired, which is not
-- the last word: a payment that turns up later takes the places again if they are free. In the
-- order of their ids, as the drain does; those that were resolved meanwhile stay as they are.
CREATE FUNCTION boxoffice.expire_lost_holds(p_bookings text[], OUT expired bigint)
LANGUAGE plpgsql
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
