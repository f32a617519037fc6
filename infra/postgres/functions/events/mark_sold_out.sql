-- Notes that an event is sold out, or no longer; changed tells whether that was news.
CREATE OR REPLACE FUNCTION boxoffice.mark_sold_out(
    p_event uuid, p_sold_out boolean, OUT changed boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE events AS e SET sold_out = p_sold_out
    WHERE e.id = p_event AND e.sold_out <> p_sold_out;
    changed := FOUND;
END
$body$;
