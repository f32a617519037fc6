-- A booking, and beside it all places that it gave up while it was sold, in one moment: their seats
-- and how many they are. No row without the booking.
CREATE OR REPLACE FUNCTION boxoffice.sold_places(p_booking text)
RETURNS TABLE (document text, given_up_seats text, given_up bigint)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT booking_document(b)::text,
        coalesce((
            SELECT string_agg(seat, ',') FROM given_up_parts AS g, unnest(g.seats) AS seat
            WHERE g.booking_id = b.id
        ), ''),
        coalesce((
            SELECT sum(g.quantity) FROM given_up_parts AS g WHERE g.booking_id = b.id
        ), 0)::bigint
    FROM bookings AS b WHERE b.id = p_booking
$body$;
