-- A booking as the ledger crate reads it, and as it stands now. Members may be added: readers ignore
-- those they do not know.
CREATE OR REPLACE FUNCTION boxoffice.booking_document(booking boxoffice.bookings) RETURNS json
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT json_build_object(
        'booking_id', booking.id, 'event_id', booking.event_id, 'user_id', booking.user_id,
        'status', booking_state(booking), 'section', booking.section, 'seats', booking.seats,
        'quantity', booking.quantity, 'amount', booking.amount,
        'currency', booking.currency::text, 'expires_at_ms', unix_ms(booking.expires_at),
        'created_at_ms', unix_ms(booking.created_at),
        'confirmed_at_ms', unix_ms(booking.confirmed_at),
        'email', booking.email, 'name', booking.name, 'locale', booking.locale
    )
$body$;
