-- Whether every place of an event is sold: a ticket for each.
CREATE OR REPLACE FUNCTION boxoffice.is_sold_out(p_event uuid) RETURNS boolean
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT (SELECT count(*) FROM tickets AS t WHERE t.event_id = p_event)
        >= (SELECT sum(s.capacity) FROM sections AS s WHERE s.event_id = p_event)
$body$;
