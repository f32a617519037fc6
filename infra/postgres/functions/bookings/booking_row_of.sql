-- A booking as the ledger crate reads it, and as it stands now.
CREATE OR REPLACE FUNCTION boxoffice.booking_row_of(booking boxoffice.bookings)
RETURNS boxoffice.booking_row
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT ROW(
        booking.id, booking.event_id::text, booking.user_id::text, booking_state(booking),
        booking.section, array_to_string(booking.seats, ','), booking.quantity, booking.amount,
        booking.currency::text, unix_ms(booking.expires_at), unix_ms(booking.created_at)
    )::booking_row
$body$;
