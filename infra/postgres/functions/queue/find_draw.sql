-- What is published of a draw; no row without such an event. The seed is NULL until the count
-- stands: from then on nobody's place can be chosen any more.
CREATE OR REPLACE FUNCTION boxoffice.find_draw(p_event uuid)
RETURNS TABLE (commitment text, seed text, count bigint, drawn_at_ms bigint)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    -- mutant: seed-before-the-count
    SELECT e.draw_commitment, CASE WHEN e.draw_count IS NOT NULL THEN e.draw_seed END,
        e.draw_count, unix_ms(e.drawn_at)
    FROM events AS e WHERE e.id = p_event
$body$;
