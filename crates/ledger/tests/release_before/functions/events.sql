-- What the worker serves: not cancelled, and over for less than an hour.
CREATE OR REPLACE FUNCTION boxoffice.active_events(p_limit bigint) RETURNS TABLE (event_id text)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT event.id::text FROM events AS event
    WHERE NOT event.cancelled AND event.ends_at > now() - interval '1 hour'
    ORDER BY event.ends_at, event.id LIMIT p_limit;
$body$;
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
    -- New places are for sale.
    UPDATE events AS e SET sold_out = false WHERE e.id = p_event RETURNING * INTO v_event;
    outcome := 'added';
    document := event_document(v_event);
END
$body$;
-- Begins a new life of the event in Redis, p_next; no row unless its generation is p_generation.
-- With p_next the same, goes on where a builder has stopped. The queue's numbers go on above
-- queue_ceiling. The keys that are built now are to be retired once more.
CREATE OR REPLACE FUNCTION boxoffice.begin_rebuild(
    p_event uuid, p_generation bigint, p_next bigint, p_lease_ms bigint
)
RETURNS TABLE (document text, queue_ceiling bigint, queue_served bigint)
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    UPDATE events AS e SET
        generation = greatest(p_next, p_generation),
        rebuild_until = now() + p_lease_ms * interval '1 millisecond',
        retired_at = NULL
    WHERE e.id = p_event AND e.generation = p_generation
    RETURNING event_document(e), e.queue_ceiling, e.queue_served
$body$;
-- A page of what Redis must know again: bookings in p_state (confirmed, or reserved and not past
-- their time) after p_after, in the order of their ids, which is that of their making. No row when
-- somebody else has begun a newer life; else the lease is renewed.
CREATE OR REPLACE FUNCTION boxoffice.bookings_to_restore(
    p_event uuid, p_generation bigint, p_lease_ms bigint, p_state text, p_after text, p_limit bigint
)
RETURNS TABLE (page text)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE events AS e SET rebuild_until = now() + p_lease_ms * interval '1 millisecond'
    WHERE e.id = p_event AND e.generation = p_generation;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT coalesce(json_agg(json_build_array(
        b.id, b.user_id, b.section, b.seats, b.quantity, b.amount, b.currency,
        unix_ms(b.created_at), unix_ms(b.expires_at)
    ) ORDER BY b.id), '[]'::json)::text
    FROM (
        SELECT * FROM bookings AS each
        WHERE each.event_id = p_event AND each.id > p_after
            -- The first half of the states is for the planner: see bookings_open_by_event.
            AND each.state IN ('reserved', 'confirmed') AND each.state = p_state
            AND (each.state = 'confirmed' OR each.expires_at > now())
        ORDER BY each.id LIMIT p_limit
    ) AS b;
END
$body$;
-- Cancels an event for good, after all sales that are being committed. Its bookings follow in
-- batches, by a saga.
CREATE OR REPLACE FUNCTION boxoffice.cancel_event(p_event uuid) RETURNS TABLE (document text)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    PERFORM pg_advisory_xact_lock(event_lock_key(p_event));
    UPDATE events AS e SET cancelled = true, cancelled_at = now_utc()
    WHERE e.id = p_event AND NOT e.cancelled;
    IF FOUND THEN
        PERFORM wake_saga('event_cancellation', p_event::text, p_event, 'cancel', interval '0');
    END IF;
    RETURN QUERY SELECT event_document(e) FROM events AS e WHERE e.id = p_event;
END
$body$;
-- Cancels up to p_limit confirmed bookings of a cancelled event. Those in use are left for the next
-- batch. remaining: how many are left, counted to 1.
CREATE OR REPLACE FUNCTION boxoffice.cancel_event_bookings(
    p_event uuid, p_limit bigint, OUT cancelled bigint, OUT remaining bigint
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_booking bookings;
BEGIN
    cancelled := 0;
    FOR v_booking IN
        SELECT b.* FROM bookings AS b
        -- The first half of the states is for the planner: see the index bookings_open_by_event.
        WHERE b.event_id = p_event AND b.state IN ('reserved', 'confirmed')
            AND b.state = 'confirmed'
            AND EXISTS (SELECT FROM events AS e WHERE e.id = p_event AND e.cancelled)
        ORDER BY b.id LIMIT p_limit FOR UPDATE SKIP LOCKED
    LOOP
        PERFORM withdraw_booking(v_booking, 'cancelled', 'event_cancelled');
        cancelled := cancelled + 1;
    END LOOP;
    SELECT count(*) INTO remaining FROM (
        SELECT FROM bookings AS b WHERE b.event_id = p_event AND b.state = 'confirmed' LIMIT 1
    ) AS one;
END
$body$;
-- Stores a new event, p_wanted, as `domain::event::NewEvent` writes it; without on_sale_at the sale
-- opens now. Outcomes: created, replayed (document as it was then), idempotency_key_reused.
--
-- The key is claimed before the event is written: a second request with the same key waits for
-- the first one to commit, and then finds its answer. Nobody can join before a sale that opens at
-- once, so there is nothing to draw.
CREATE OR REPLACE FUNCTION boxoffice.create_event(
    p_id uuid, p_wanted jsonb, p_draw_seed text, p_key text, p_fingerprint text,
    OUT outcome text, OUT document text
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    -- Keys live 24 hours.
    key_age_max CONSTANT interval := '24 hours';
    v_event events;
    v_request event_requests;
    v_on_sale_at timestamptz := coalesce((p_wanted ->> 'on_sale_at')::timestamptz, now_utc());
    v_is_open boolean := v_on_sale_at <= now();
BEGIN
    IF p_key IS NOT NULL THEN
        DELETE FROM event_requests AS r
        WHERE r.key = p_key AND r.created_at < now() - key_age_max;
        -- Other old keys go a few at a time, by whoever comes; those in use are skipped.
        DELETE FROM event_requests WHERE key IN (
            SELECT r.key FROM event_requests AS r
            WHERE r.created_at < now() - key_age_max
            ORDER BY r.created_at LIMIT 100 FOR UPDATE SKIP LOCKED
        );
        INSERT INTO event_requests (key, fingerprint, document)
        VALUES (p_key, p_fingerprint, '') ON CONFLICT (key) DO NOTHING;
        IF NOT FOUND THEN
            SELECT * INTO v_request FROM event_requests AS r WHERE r.key = p_key FOR UPDATE;
            IF v_request.fingerprint <> p_fingerprint THEN
                outcome := 'idempotency_key_reused';
            ELSE
                outcome := 'replayed';
                document := v_request.document;
            END IF;
            RETURN;
        END IF;
    END IF;

    INSERT INTO events (
        id, name, description, venue, starts_at, ends_at, on_sale_at, currency, sale, draw_seed,
        draw_count, drawn_at
    ) VALUES (
        p_id, p_wanted ->> 'name', p_wanted ->> 'description', p_wanted ->> 'venue',
        (p_wanted ->> 'starts_at')::timestamptz, (p_wanted ->> 'ends_at')::timestamptz,
        v_on_sale_at, p_wanted ->> 'currency', p_wanted -> 'sale', p_draw_seed,
        CASE WHEN v_is_open THEN 0 END, CASE WHEN v_is_open THEN now_utc() END
    ) ON CONFLICT (id) DO NOTHING RETURNING * INTO v_event;
    IF FOUND THEN
        outcome := 'created';
        INSERT INTO sections (
            event_id, name, place, kind, row_count, seats_per_row, capacity, price
        )
        SELECT p_id, s.name, s.place, s.kind, s.row_count, s.seats_per_row, s.capacity, s.price
        FROM described_sections(p_wanted -> 'sections') AS s;
    ELSE
        outcome := 'replayed';
        SELECT * INTO v_event FROM events AS e WHERE e.id = p_id;
    END IF;
    document := event_document(v_event);
    UPDATE event_requests AS r SET document = create_event.document WHERE r.key = p_key;
END
$body$;
-- Sections as the organiser describes them, in order. Sizes that do not belong to the kind are
-- ignored.
CREATE OR REPLACE FUNCTION boxoffice.described_sections(described jsonb)
RETURNS TABLE (
    name text, place bigint, kind text, row_count bigint, seats_per_row bigint, capacity bigint,
    price bigint
)
LANGUAGE sql IMMUTABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT
        item.section ->> 'name',
        item.place,
        item.section ->> 'kind',
        size.row_count,
        size.seats_per_row,
        CASE item.section ->> 'kind'
            WHEN 'seated' THEN size.row_count * size.seats_per_row
            ELSE (item.section ->> 'capacity')::bigint
        END,
        (item.section ->> 'price')::bigint
    FROM jsonb_array_elements(described) WITH ORDINALITY AS item (section, place),
        LATERAL (SELECT
            CASE item.section ->> 'kind'
                WHEN 'seated' THEN (item.section ->> 'rows')::bigint ELSE 0
            END AS row_count,
            CASE item.section ->> 'kind'
                WHEN 'seated' THEN (item.section ->> 'seats_per_row')::bigint ELSE 0
            END AS seats_per_row
        ) AS size
    ORDER BY item.place;
$body$;
-- Ends holds of a cancelled event. In the order of their ids, as the drain does; those that were
-- resolved meanwhile stay as they are.
CREATE OR REPLACE FUNCTION boxoffice.end_event_holds(p_bookings text[], OUT ended bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE bookings AS b SET state = 'released' WHERE b.id IN (
        SELECT held.id FROM bookings AS held
        WHERE held.id = ANY (p_bookings) AND held.state = 'reserved'
        ORDER BY held.id FOR UPDATE
    );
    GET DIAGNOSTICS ended = ROW_COUNT;
    -- Their open payments are cancelled at the provider.
    PERFORM open_payments_among(p_bookings);
END
$body$;
-- An event with its sections, in the shape that the ledger crate reads.
CREATE OR REPLACE FUNCTION boxoffice.event_document(event boxoffice.events) RETURNS text
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT json_build_object(
        'id', event.id,
        'name', event.name,
        'description', event.description,
        'venue', event.venue,
        'starts_at_ms', unix_ms(event.starts_at),
        'ends_at_ms', unix_ms(event.ends_at),
        'on_sale_at_ms', unix_ms(event.on_sale_at),
        'created_at_ms', unix_ms(event.created_at),
        'currency', event.currency,
        'sale', event.sale,
        'paused', event.paused,
        'cancelled', event.cancelled,
        'sold_out', event.sold_out,
        'generation', event.generation,
        'settings_version', event.settings_version,
        'draw_commitment', event.draw_commitment,
        'draw_count', event.draw_count,
        'capacity', coalesce(sum(section.capacity), 0)::bigint,
        'sections', coalesce(json_agg(json_build_object(
            'name', section.name,
            'kind', section.kind,
            'rows', section.row_count,
            'seats_per_row', section.seats_per_row,
            'capacity', section.capacity,
            'price', section.price
        ) ORDER BY section.place) FILTER (WHERE section.name IS NOT NULL), '[]'::json)
    )::text
    FROM (VALUES (1)) AS one
    LEFT JOIN sections AS section ON section.event_id = event.id;
$body$;
-- Holds of an event that nobody has resolved, as far as the journal was drained.
CREATE OR REPLACE FUNCTION boxoffice.event_holds(p_event uuid, p_limit bigint)
RETURNS SETOF boxoffice.booking_row
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT booking_row_of(b)
    FROM bookings AS b
    -- The first half of the states is for the planner: see the index bookings_open_by_event.
    WHERE b.event_id = p_event AND b.state IN ('reserved', 'confirmed') AND b.state = 'reserved'
    ORDER BY b.id LIMIT p_limit
$body$;
-- Sales of an event hold this lock shared until they commit, cancelling holds it alone. It lives
-- in memory: a lock on the event's row would make every sale write the same row.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.event_lock_key(p_event uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN hashtextextended(p_event::text, 0);
-- Events whose keys in Redis are to be given an end: those that are over for p_rest_ms, ended or
-- cancelled, the longest over first. generation is that of the keys, for note_retired.
CREATE OR REPLACE FUNCTION boxoffice.events_to_retire(p_rest_ms bigint, p_limit bigint)
RETURNS TABLE (event_id text, generation bigint)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT e.id::text, e.generation FROM events AS e
    WHERE e.retired_at IS NULL AND e.over_at <= now() - p_rest_ms * interval '1 millisecond'
    ORDER BY e.over_at LIMIT p_limit
$body$;
-- An event; no row without it.
CREATE OR REPLACE FUNCTION boxoffice.find_event(p_event uuid) RETURNS TABLE (document text)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT event_document(event) FROM events AS event WHERE event.id = p_event;
$body$;
-- Ends a rebuild, or (not p_rebuilt) the look after an event that was not lost.
CREATE OR REPLACE FUNCTION boxoffice.finish_rebuild(
    p_event uuid, p_generation bigint, p_rebuilt boolean, OUT finished boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE events AS e SET rebuild_until = NULL
    WHERE e.id = p_event AND e.generation = p_generation AND e.rebuild_until IS NOT NULL;
    finished := FOUND;
    IF finished AND p_rebuilt THEN
        INSERT INTO audit_totals AS t (event_id, rebuilds) VALUES (p_event, 1)
        ON CONFLICT (event_id) DO UPDATE SET rebuilds = t.rebuilds + 1;
    END IF;
END
$body$;
-- Lets one instance look after a lost event. Outcomes: leased, with the generation the event had;
-- busy (another one does); event_missing.
CREATE OR REPLACE FUNCTION boxoffice.lease_rebuild(
    p_event uuid, p_lease_ms bigint, OUT outcome text, OUT generation bigint
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE events AS e SET rebuild_until = now() + p_lease_ms * interval '1 millisecond'
    WHERE e.id = p_event AND (e.rebuild_until IS NULL OR e.rebuild_until <= now())
    RETURNING e.generation INTO lease_rebuild.generation;
    outcome := CASE
        WHEN FOUND THEN 'leased'
        WHEN EXISTS (SELECT FROM events AS e WHERE e.id = p_event) THEN 'busy'
        ELSE 'event_missing'
    END;
END
$body$;
-- Newest first. Ids are UUIDs version 7, so their order is the order of creation.
CREATE OR REPLACE FUNCTION boxoffice.list_events(
    p_limit bigint, p_before uuid, p_active_only boolean
)
RETURNS TABLE (document text)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT event_document(event) FROM events AS event
    -- Without a cursor, before the last of all ids: one plan for both, on one index range.
    WHERE event.id < coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
        AND (NOT p_active_only OR NOT event.cancelled AND event.ends_at > now())
    ORDER BY event.id DESC LIMIT p_limit;
$body$;
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
-- Notes that the keys of an event have an end; noted tells whether that was news. Keys of a newer
-- generation have none yet: a rebuild has begun meanwhile.
CREATE OR REPLACE FUNCTION boxoffice.note_retired(
    p_event uuid, p_generation bigint, OUT noted boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE events AS e SET retired_at = now_utc()
    WHERE e.id = p_event AND e.generation = p_generation AND e.retired_at IS NULL;
    noted := FOUND;
END
$body$;
-- Counts up the version of an event's settings with each change of what Redis decides by. A
-- trigger, so that no function that changes an event can forget it.
CREATE OR REPLACE FUNCTION boxoffice.raise_settings_version() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    IF (OLD.on_sale_at, OLD.ends_at, OLD.sale, OLD.paused, OLD.cancelled)
        IS DISTINCT FROM
        (NEW.on_sale_at, NEW.ends_at, NEW.sale, NEW.paused, NEW.cancelled)
    THEN
        NEW.settings_version := OLD.settings_version + 1;
    END IF;
    RETURN NEW;
END
$body$;

-- Made once: to replace it would let every change of an event wait for the end of the upgrade.
DO $trigger$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_trigger WHERE tgrelid = 'boxoffice.events'::regclass
            AND tgname = 'raise_settings_version'
    ) THEN
        CREATE TRIGGER raise_settings_version BEFORE UPDATE ON boxoffice.events
            FOR EACH ROW EXECUTE FUNCTION boxoffice.raise_settings_version();
    END IF;
END
$trigger$;
-- Changes what p_change names, as `domain::event::EventChange` writes it, and leaves the rest.
-- Outcomes: updated, event_missing, event_cancelled, invalid_times.
CREATE OR REPLACE FUNCTION boxoffice.update_event(
    p_event uuid, p_change jsonb, OUT outcome text, OUT document text
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_event events;
    v_starts_at timestamptz := p_change ->> 'starts_at';
    v_ends_at timestamptz := p_change ->> 'ends_at';
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
    IF coalesce(v_ends_at, v_event.ends_at) <= coalesce(v_starts_at, v_event.starts_at) THEN
        outcome := 'invalid_times';
        RETURN;
    END IF;

    UPDATE events AS e SET
        name = coalesce(p_change ->> 'name', e.name),
        description = coalesce(p_change ->> 'description', e.description),
        venue = coalesce(p_change ->> 'venue', e.venue),
        starts_at = coalesce(v_starts_at, e.starts_at),
        ends_at = coalesce(v_ends_at, e.ends_at),
        -- The keys in Redis live by the end of the event.
        retired_at = CASE WHEN v_ends_at IS NULL THEN e.retired_at END,
        on_sale_at = coalesce((p_change ->> 'on_sale_at')::timestamptz, e.on_sale_at),
        paused = coalesce((p_change ->> 'paused')::boolean, e.paused),
        sale = merge_documents(e.sale, coalesce(p_change -> 'sale', '{}'))
    WHERE e.id = p_event RETURNING * INTO v_event;
    outcome := 'updated';
    document := event_document(v_event);
END
$body$;
