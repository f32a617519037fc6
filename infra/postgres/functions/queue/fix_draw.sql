-- Decides how many numbers are drawn for, once: whoever comes later gets what the first one said.
CREATE OR REPLACE FUNCTION boxoffice.fix_draw(p_event uuid, p_count bigint)
RETURNS TABLE (commitment text, seed text, count bigint, drawn_at_ms bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE events AS e SET draw_count = p_count, drawn_at = now_utc()
    -- mutant: the-last-count-stays
    WHERE e.id = p_event AND e.draw_count IS NULL;
    RETURN QUERY SELECT * FROM find_draw(p_event);
END
$body$;
