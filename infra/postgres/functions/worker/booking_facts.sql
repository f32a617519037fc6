-- What messages tell of a booking, as it is now.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.booking_facts(booking boxoffice.bookings) RETURNS json
LANGUAGE sql STABLE PARALLEL SAFE
RETURN json_build_object(
    'booking_id', booking.id, 'event_id', booking.event_id, 'user_id', booking.user_id,
    'status', booking.state, 'section', booking.section, 'seats', booking.seats,
    'quantity', booking.quantity, 'amount', booking.amount, 'currency', booking.currency
);
