-- A booking with what is known of its hold, as pages for Redis carry it: an array, because a page
-- has many.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.stored_booking(booking boxoffice.bookings) RETURNS json
LANGUAGE sql STABLE PARALLEL SAFE
RETURN json_build_array(
    booking.id, booking.user_id, booking.section, booking.seats, booking.quantity, booking.amount,
    booking.currency, boxoffice.unix_ms(booking.created_at), boxoffice.unix_ms(booking.expires_at),
    booking.extended
);
