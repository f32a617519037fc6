-- Compares the bookings of an event whose ids are above p_after, up to p_until ('' without an end),
-- with what Redis knows: p_held, holds that nobody is paying, and p_known, the others that are
-- held or were resolved there. Lost are bookings that are reserved and not past their time and in
-- neither, as in restore_page, up to p_limit. Ended are those of p_held that are over here.
CREATE OR REPLACE FUNCTION boxoffice.compare_reserved(
    p_event uuid, p_after text, p_until text, p_held text[], p_known text[], p_limit bigint,
    OUT lost text, OUT ended text
)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT
        (SELECT coalesce(
            json_agg(stored_booking(b.found) ORDER BY (b.found).id), '[]'::json
        )::text
        FROM (
            SELECT each AS found FROM bookings AS each
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
        -- mutant: ended-holds-stay
        WHERE over.event_id = p_event AND over.state NOT IN ('reserved', 'confirmed'))
$body$;
