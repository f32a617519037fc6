-- The tickets of a booking with its owner and its state; cancelled ones too. One row without a
-- ticket when the booking has none; no row without such a booking.
CREATE OR REPLACE FUNCTION boxoffice.booking_tickets(p_booking text)
RETURNS TABLE (user_id text, status text, ticket text)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT b.user_id::text, booking_state(b), t.document::text
    FROM bookings AS b
    LEFT JOIN LATERAL ticket_documents(b.id, NULL) WITH ORDINALITY
        AS t (ticket_id, event_id, user_id, status, document, n) ON true
    WHERE b.id = p_booking ORDER BY t.n
$body$;
