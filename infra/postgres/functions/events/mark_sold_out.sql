-- Finds out whether an event is sold out, and notes it; changed tells whether that was news.
-- p_sold_out is what the caller has seen. It decides nothing: where it differs from the note, the
-- tickets are counted, under the lock of the event. Whoever sells, frees or adds places calls this
-- after the commit, so the last call has seen every change, in whatever order the calls come.
CREATE OR REPLACE FUNCTION boxoffice.mark_sold_out(
    p_event uuid, p_sold_out boolean, OUT changed boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_noted boolean;
BEGIN
    SELECT e.sold_out INTO v_noted FROM events AS e WHERE e.id = p_event FOR NO KEY UPDATE;
    changed := false;
    IF v_noted IS DISTINCT FROM p_sold_out AND v_noted IS NOT NULL THEN
        -- A statement of its own: it sees what was committed before the lock was taken.
        UPDATE events AS e SET sold_out = NOT v_noted
        -- mutant: sold-out-is-what-the-caller-says
        WHERE e.id = p_event AND is_sold_out(p_event) <> v_noted;
        changed := FOUND;
    END IF;
END
$body$;
