-- A buyer's bookings, newest first, after the one at (p_before_ms, p_before) if given.
CREATE OR REPLACE FUNCTION boxoffice.own_bookings(
    p_user uuid, p_limit bigint, p_before_ms bigint, p_before text
)
RETURNS TABLE (document text)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT booking_document(b)::text
    FROM bookings AS b
    WHERE b.user_id = p_user
        -- Without a cursor, before the end of time: one plan for both, on one index range.
        AND (b.created_at, b.id)
            < (coalesce(instant(p_before_ms), 'infinity'::timestamptz), coalesce(p_before, ''))
    ORDER BY b.created_at DESC, b.id DESC LIMIT p_limit
$body$;
