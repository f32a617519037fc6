-- With how many tickets of a booking somebody is in: of those of p_seats, or of all for NULL.
CREATE OR REPLACE FUNCTION boxoffice.used_tickets(p_booking text, p_seats text[]) RETURNS bigint
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT count(*) FROM tickets AS t JOIN admissions AS a ON a.ticket_id = t.ticket_id
    WHERE t.booking_id = p_booking AND (p_seats IS NULL OR t.seat = ANY (p_seats))
$body$;
