-- The tickets of a booking, or the one with an id: as they are now, or as they were when they were
-- cancelled, in the order of the hall's labels. user_id is the owner.
CREATE OR REPLACE FUNCTION boxoffice.ticket_documents(p_booking text, p_ticket text)
RETURNS TABLE (ticket_id text, event_id uuid, user_id uuid, status text, document json)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    WITH all_tickets AS (
        SELECT t.ticket_id, t.event_id, t.seat, t.booking_id, t.section, t.holder, t.price,
            false AS is_cancelled
        FROM tickets AS t WHERE t.booking_id = p_booking OR t.ticket_id = p_ticket
        UNION ALL
        SELECT c.ticket_id, c.event_id, c.seat, c.booking_id, c.section, c.holder, c.price, true
        FROM cancelled_tickets AS c WHERE c.booking_id = p_booking OR c.ticket_id = p_ticket
    ), known AS (
        SELECT t.*, b.user_id, coalesce(t.price, b.amount / b.quantity) AS paid, b.currency,
            a.admitted_at, a.gate, cardinality(b.seats) > 0 AS is_seated,
            CASE WHEN t.is_cancelled THEN 'cancelled' WHEN a.ticket_id IS NOT NULL THEN 'used'
                ELSE 'valid' END AS status
        FROM all_tickets AS t
        JOIN bookings AS b ON b.id = t.booking_id
        LEFT JOIN admissions AS a ON a.ticket_id = t.ticket_id
    )
    SELECT k.ticket_id, k.event_id, k.user_id, k.status, json_build_object(
        'ticket_id', k.ticket_id, 'booking_id', k.booking_id, 'event_id', k.event_id,
        'section', k.section, 'seat', CASE WHEN k.is_seated THEN k.seat END,
        'status', k.status, 'holder', k.holder, 'price', k.paid, 'currency', k.currency,
        'used_at_ms', unix_ms(k.admitted_at), 'used_gate', nullif(k.gate, '')
    )
    FROM known AS k ORDER BY k.seat, k.ticket_id
$body$;
