-- A booking as the ledger crate reads it.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.booking_row_of(booking boxoffice.bookings)
RETURNS boxoffice.booking_row
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW(
    booking.id, booking.event_id::text, booking.user_id::text, booking.state, booking.section,
    array_to_string(booking.seats, ','), booking.quantity, booking.amount, booking.currency::text,
    boxoffice.unix_ms(booking.expires_at), boxoffice.unix_ms(booking.created_at)
)::boxoffice.booking_row;
