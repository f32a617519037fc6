-- How far the door of an event is: tickets that are sold, used and cancelled. A ticket that was
-- cancelled after it was used counts as cancelled. No row without such an event.
CREATE OR REPLACE FUNCTION boxoffice.checkin_counts(p_event uuid)
RETURNS TABLE (sold bigint, admitted bigint, cancelled bigint)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT (SELECT count(*) FROM tickets AS t WHERE t.event_id = e.id),
        (SELECT count(*) FROM admissions AS a JOIN tickets AS t ON t.ticket_id = a.ticket_id
            WHERE a.event_id = e.id),
        (SELECT count(*) FROM cancelled_tickets AS c WHERE c.event_id = e.id)
    FROM events AS e WHERE e.id = p_event
$body$;
