-- A booking; no row without it.
CREATE OR REPLACE FUNCTION boxoffice.find_booking(p_booking text)
RETURNS SETOF boxoffice.booking_row
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT booking_row_of(b)
    FROM bookings AS b WHERE b.id = p_booking
$body$;
