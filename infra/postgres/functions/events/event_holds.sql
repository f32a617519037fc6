-- Holds of an event that nobody has resolved, as far as the journal was drained.
CREATE OR REPLACE FUNCTION boxoffice.event_holds(p_event uuid, p_limit bigint)
RETURNS TABLE (
    booking_id text, event_id text, user_id text, status text, section text, seats text,
    quantity bigint, amount bigint, currency text, expires_at_ms bigint, created_at_ms bigint
)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT b.id, b.event_id::text, b.user_id::text, b.state, b.section,
        array_to_string(b.seats, ','), b.quantity, b.amount, b.currency::text,
        unix_ms(b.expires_at), unix_ms(b.created_at)
    FROM bookings AS b
    WHERE b.event_id = p_event AND b.state IN ('reserved', 'confirmed') AND b.state = 'reserved'
    ORDER BY b.id LIMIT p_limit
$body$;
