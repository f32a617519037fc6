-- Notes where the next run goes on, NULL for nowhere.
CREATE OR REPLACE FUNCTION boxoffice.note_event_list(
    p_name text, p_after_event text, OUT noted boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE event_lists AS l SET after_event = p_after_event WHERE l.name = p_name;
    noted := FOUND;
END
$body$;
