-- Adds sections after those that exist: all or none. Outcomes: added, already_added (all exist,
-- exactly so), section_exists (with the names as JSON), too_many_sections, event_missing,
-- event_cancelled. The lock on the event orders two calls, so places are not given twice.
CREATE OR REPLACE FUNCTION boxoffice.add_sections(
    p_event uuid, p_sections jsonb, p_sections_max bigint,
    OUT outcome text, OUT document text, OUT section_names text
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_event events;
    v_wanted bigint := jsonb_array_length(p_sections);
    v_existing bigint;
    v_last_place bigint;
    v_same bigint;
BEGIN
    SELECT * INTO v_event FROM events AS e WHERE e.id = p_event FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'event_missing';
        RETURN;
    END IF;
    IF v_event.cancelled THEN
        outcome := 'event_cancelled';
        RETURN;
    END IF;
    SELECT count(*), json_agg(s.name ORDER BY s.place)::text,
        count(*) FILTER (WHERE (s.kind, s.row_count, s.seats_per_row, s.capacity, s.price)
            = (w.kind, w.row_count, w.seats_per_row, w.capacity, w.price))
    INTO v_existing, section_names, v_same
    FROM described_sections(p_sections) AS w
    JOIN sections AS s ON s.event_id = p_event AND s.name = w.name;
    IF v_existing > 0 THEN
        IF v_same = v_wanted THEN
            outcome := 'already_added';
            document := event_document(v_event);
        ELSE
            outcome := 'section_exists';
        END IF;
        RETURN;
    END IF;
    SELECT count(*), coalesce(max(s.place), 0) INTO v_existing, v_last_place
    FROM sections AS s WHERE s.event_id = p_event;
    IF v_existing + v_wanted > p_sections_max THEN
        outcome := 'too_many_sections';
        RETURN;
    END IF;

    INSERT INTO sections (event_id, name, place, kind, row_count, seats_per_row, capacity, price)
    SELECT p_event, w.name, v_last_place + w.place, w.kind, w.row_count, w.seats_per_row,
        w.capacity, w.price
    FROM described_sections(p_sections) AS w;
    UPDATE events AS e SET sections_version = e.sections_version + 1,
        sold_out = is_sold_out(p_event)
    WHERE e.id = p_event RETURNING * INTO v_event;
    outcome := 'added';
    document := event_document(v_event);
END
$body$;
