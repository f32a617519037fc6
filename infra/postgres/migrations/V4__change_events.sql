-- Changing events, and what the worker asks and notes about them.

-- Changes what is given and leaves what is NULL. Outcomes: updated, event_missing,
-- event_cancelled, invalid_times.
CREATE FUNCTION boxoffice.update_event(
    p_event uuid, p_name text, p_description text, p_venue text, p_starts_at_ms bigint,
    p_ends_at_ms bigint, p_on_sale_at_ms bigint, p_paused boolean, p_max_per_buyer bigint,
    p_hold_ttl_s bigint, p_queue_enabled boolean, p_max_active bigint, p_release_per_s bigint,
    p_pass_ttl_s bigint, OUT outcome text, OUT document text
)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_event events;
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
    IF coalesce(instant(p_ends_at_ms), v_event.ends_at)
        <= coalesce(instant(p_starts_at_ms), v_event.starts_at)
    THEN
        outcome := 'invalid_times';
        RETURN;
    END IF;

    UPDATE events AS e SET
        name = coalesce(p_name, e.name),
        description = coalesce(p_description, e.description),
        venue = coalesce(p_venue, e.venue),
        starts_at = coalesce(instant(p_starts_at_ms), e.starts_at),
        ends_at = coalesce(instant(p_ends_at_ms), e.ends_at),
        on_sale_at = coalesce(instant(p_on_sale_at_ms), e.on_sale_at),
        paused = coalesce(p_paused, e.paused),
        max_per_buyer = coalesce(p_max_per_buyer, e.max_per_buyer),
        hold_ttl_s = coalesce(p_hold_ttl_s, e.hold_ttl_s),
        queue_enabled = coalesce(p_queue_enabled, e.queue_enabled),
        max_active = coalesce(p_max_active, e.max_active),
        release_per_s = coalesce(p_release_per_s, e.release_per_s),
        pass_ttl_s = coalesce(p_pass_ttl_s, e.pass_ttl_s)
    WHERE e.id = p_event RETURNING * INTO v_event;
    outcome := 'updated';
    document := event_document(v_event);
END
$body$;

-- Adds sections after those that exist: all or none. Outcomes: added, already_added (all exist,
-- exactly so), section_exists (with the names as JSON), too_many_sections, event_missing,
-- event_cancelled. The lock on the event orders two calls, so places are not given twice.
CREATE FUNCTION boxoffice.add_sections(
    p_event uuid, p_sections jsonb, p_sections_max bigint,
    OUT outcome text, OUT document text, OUT section_names text
)
LANGUAGE plpgsql
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
    -- New places are for sale.
    UPDATE events AS e SET sold_out = false WHERE e.id = p_event RETURNING * INTO v_event;
    outcome := 'added';
    document := event_document(v_event);
END
$body$;

-- Sales of an event hold this lock shared until they commit, cancelling holds it alone. It lives
-- in memory: a lock on the event's row would make every sale write the same row.
CREATE FUNCTION boxoffice.event_lock_key(p_event uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN hashtextextended(p_event::text, 0);

-- Cancels an event for good, after all sales that are being committed.
CREATE FUNCTION boxoffice.cancel_event(p_event uuid) RETURNS TABLE (document text)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    PERFORM pg_advisory_xact_lock(event_lock_key(p_event));
    UPDATE events AS e SET cancelled = true WHERE e.id = p_event AND NOT e.cancelled;
    RETURN QUERY SELECT event_document(e) FROM events AS e WHERE e.id = p_event;
END
$body$;

-- Notes that an event is sold out, or no longer; changed tells whether that was news.
CREATE FUNCTION boxoffice.mark_sold_out(p_event uuid, p_sold_out boolean, OUT changed boolean)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE events AS e SET sold_out = p_sold_out
    WHERE e.id = p_event AND e.sold_out <> p_sold_out;
    changed := FOUND;
END
$body$;

-- What the worker serves: not cancelled, and over for less than an hour.
CREATE FUNCTION boxoffice.active_events(p_limit bigint) RETURNS TABLE (event_id text)
LANGUAGE sql STABLE
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT event.id::text FROM events AS event
    WHERE NOT event.cancelled AND event.ends_at > now() - interval '1 hour'
    ORDER BY event.ends_at, event.id LIMIT p_limit;
$body$;

-- Raises the generation: a new life of the event in Redis.
CREATE FUNCTION boxoffice.next_generation(p_event uuid) RETURNS TABLE (generation bigint)
LANGUAGE sql
SET search_path = boxoffice, pg_temp
AS $body$
    UPDATE events AS event SET generation = event.generation + 1 WHERE event.id = p_event
    RETURNING event.generation;
$body$;
