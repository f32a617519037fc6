-- What a scanner needs of an event while it has no connection: the ids of cancelled tickets, in
-- order and joined by commas. version is how many there are: it grows with each, because none ever
-- goes. No row without such an event.
CREATE OR REPLACE FUNCTION boxoffice.checkin_manifest(p_event uuid)
RETURNS TABLE (version bigint, cancelled text)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT count(c.ticket_id), coalesce(string_agg(c.ticket_id, ',' ORDER BY c.ticket_id), '')
    FROM events AS e LEFT JOIN cancelled_tickets AS c ON c.event_id = e.id
    WHERE e.id = p_event GROUP BY e.id
$body$;
