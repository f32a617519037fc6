-- Those of p_bookings that are confirmed.
CREATE OR REPLACE FUNCTION boxoffice.confirmed_among(p_bookings text[])
RETURNS TABLE (booking_id text)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT b.id FROM bookings AS b WHERE b.id = ANY (p_bookings) AND b.state = 'confirmed'
$body$;
