-- A booking; no row without it.
CREATE OR REPLACE FUNCTION boxoffice.read_booking(p_booking text)
RETURNS TABLE (document text)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT booking_document(b)::text FROM bookings AS b WHERE b.id = p_booking
$body$;
