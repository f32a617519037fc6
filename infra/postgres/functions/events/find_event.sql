-- An event; no row without it.
CREATE OR REPLACE FUNCTION boxoffice.find_event(p_event uuid) RETURNS TABLE (document text)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT event_document(event) FROM events AS event WHERE event.id = p_event;
$body$;
