-- A page of an event's bookings, newest first: those that fit the filters, of which NULL fits all,
-- between p_from and p_before. Their ids begin with the event, so they are one range of the primary
-- key, or of the index of mailboxes. At most p_examined of them are looked at; when that was not
-- enough to fill the page, examined_to is the last one. No row without the event.
CREATE OR REPLACE FUNCTION boxoffice.event_bookings(
    p_event uuid, p_from text, p_before text, p_status text, p_section text, p_email text,
    p_part text, p_limit bigint, p_examined bigint
)
RETURNS TABLE (page text)
LANGUAGE plpgsql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
-- What a filter leaves out is known when the plan is made: it decides which index is read.
SET plan_cache_mode = force_custom_plan
AS $body$
BEGIN
    IF NOT EXISTS (SELECT FROM events AS e WHERE e.id = p_event) THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH matching AS (
        SELECT examined.found, examined.id
        FROM (
            SELECT b AS found, b.id, b.state, b.section, b.name, b.email
            FROM bookings AS b
            WHERE b.event_id = p_event AND b.id > p_from AND b.id < p_before
                AND (p_email IS NULL OR lower(b.email) = lower(p_email))
            ORDER BY b.id DESC LIMIT p_examined
        ) AS examined
        -- Only what is reserved may stand otherwise than it is stored.
        WHERE (p_status IS NULL OR examined.state IN (p_status, 'reserved')
                AND booking_state(examined.found) = p_status)
            AND (p_section IS NULL OR examined.section = p_section)
            AND (p_part IS NULL OR position(
                lower(p_part) IN lower(concat_ws(E'\n', examined.id, examined.name, examined.email))
            ) > 0)
        ORDER BY examined.id DESC LIMIT p_limit
    )
    SELECT json_build_object(
        'bookings', coalesce(
            (SELECT json_agg(booking_document(m.found) ORDER BY m.id DESC) FROM matching AS m),
            '[]'::json
        ),
        'examined_to', CASE WHEN (SELECT count(*) < p_limit FROM matching) THEN (
            SELECT b.id FROM bookings AS b
            WHERE b.event_id = p_event AND b.id > p_from AND b.id < p_before
                AND (p_email IS NULL OR lower(b.email) = lower(p_email))
            ORDER BY b.id DESC OFFSET p_examined - 1 LIMIT 1
        ) END
    )::text;
END
$body$;
