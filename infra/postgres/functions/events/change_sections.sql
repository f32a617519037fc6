-- Writes sections of an event as they are to be, p_wanted, as create_event is told of them; without
-- it nothing. Whoever has worked them out knew those of p_version. The caller has locked the event.
-- refusal: sections_changed (they are of another version), capacity_in_use (more places of one are
-- sold), or NULL; changed: whether anything is different now.
CREATE OR REPLACE FUNCTION boxoffice.change_sections(
    p_event boxoffice.events, p_wanted jsonb, p_version bigint,
    OUT refusal text, OUT changed boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    changed := false;
    IF p_wanted IS NULL THEN
        RETURN;
    END IF;
    -- mutant: sections-change-on-an-older-view
    IF p_event.sections_version <> p_version THEN
        refusal := 'sections_changed';
        RETURN;
    END IF;
    -- Sales count standing places up under the lock of the section.
    PERFORM FROM sections AS s
    WHERE s.event_id = p_event.id
        AND s.name IN (SELECT w.name FROM described_sections(p_wanted) AS w)
    ORDER BY s.name FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM described_sections(p_wanted) AS w
        JOIN sections AS s ON s.event_id = p_event.id AND s.name = w.name
        WHERE s.standing_sold > w.capacity
    ) THEN
        refusal := 'capacity_in_use';
        RETURN;
    END IF;
    UPDATE sections AS s
    SET row_count = w.row_count, capacity = w.capacity, price = w.price
    FROM described_sections(p_wanted) AS w
    WHERE s.event_id = p_event.id AND s.name = w.name
        AND (s.row_count, s.capacity, s.price) <> (w.row_count, w.capacity, w.price);
    changed := FOUND;
END
$body$;
