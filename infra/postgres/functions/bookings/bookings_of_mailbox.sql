-- The bookings that name a mailbox, in any letter case and of whichever guest, newest first. Those
-- that came to nothing are left out.
CREATE OR REPLACE FUNCTION boxoffice.bookings_of_mailbox(p_email text, p_limit bigint)
RETURNS TABLE (
    user_id text, booking_id text, status text, event_name text, starts_at_ms bigint,
    time_zone text
)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT b.user_id::text, b.id, booking_state(b), e.name, unix_ms(e.starts_at), e.time_zone
    FROM bookings AS b JOIN events AS e ON e.id = b.event_id
    WHERE b.email IS NOT NULL AND lower(b.email) = lower(p_email)
        AND booking_state(b) NOT IN ('released', 'expired')
    ORDER BY b.created_at DESC, b.id DESC LIMIT p_limit
$body$;
