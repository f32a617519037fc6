-- Places in a queue whose owners are not seen any more.

ALTER TABLE boxoffice.events
    -- How long a line waits for somebody who is not seen; 0 for ever.
    ADD COLUMN abandon_after_s bigint NOT NULL DEFAULT 300
        CHECK (abandon_after_s = 0 OR abandon_after_s BETWEEN 60 AND 86400);

DROP TRIGGER raise_settings_version ON boxoffice.events;
CREATE TRIGGER raise_settings_version BEFORE UPDATE ON boxoffice.events FOR EACH ROW
WHEN (
    (OLD.on_sale_at, OLD.ends_at, OLD.max_per_buyer, OLD.hold_ttl_s, OLD.queue_enabled,
        OLD.max_active, OLD.release_per_s, OLD.pass_ttl_s, OLD.paused, OLD.cancelled,
        OLD.queue_joining, OLD.queue_message, OLD.abandon_after_s)
    IS DISTINCT FROM
    (NEW.on_sale_at, NEW.ends_at, NEW.max_per_buyer, NEW.hold_ttl_s, NEW.queue_enabled,
        NEW.max_active, NEW.release_per_s, NEW.pass_ttl_s, NEW.paused, NEW.cancelled,
        NEW.queue_joining, NEW.queue_message, NEW.abandon_after_s)
)
EXECUTE FUNCTION boxoffice.raise_settings_version();

CREATE OR REPLACE FUNCTION boxoffice.event_document(event boxoffice.events) RETURNS text
LANGUAGE sql STABLE
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
        'sale', json_build_object(
            'max_per_buyer', event.max_per_buyer,
            'hold_ttl_s', event.hold_ttl_s,
            'queue', json_build_object(
                'enabled', event.queue_enabled,
                'max_active', event.max_active,
                'release_per_s', event.release_per_s,
                'pass_ttl_s', event.pass_ttl_s,
                'joining', event.queue_joining,
                'message', event.queue_message,
                'abandon_after_s', event.abandon_after_s
            )
        ),
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

DROP FUNCTION boxoffice.create_event(
    uuid, text, text, text, bigint, bigint, bigint, text, jsonb, bigint, bigint, boolean, bigint,
    bigint, bigint, text, text, text, boolean, text
);

-- Stores a new event. Outcomes: created, replayed (document as it was then),
-- idempotency_key_reused.
--
-- The key is claimed before the event is written: a second request with the same key waits for
-- the first one to commit, and then finds its answer. Nobody can join before a sale that opens at
-- once, so there is nothing to draw.
CREATE FUNCTION boxoffice.create_event(
    p_id uuid, p_name text, p_description text, p_venue text, p_starts_at_ms bigint,
    p_ends_at_ms bigint, p_on_sale_at_ms bigint, p_currency text, p_sections jsonb,
    p_max_per_buyer bigint, p_hold_ttl_s bigint, p_queue_enabled boolean, p_max_active bigint,
    p_release_per_s bigint, p_pass_ttl_s bigint, p_key text, p_fingerprint text,
    p_draw_seed text, p_queue_joining boolean, p_queue_message text,
    p_abandon_after_s bigint, OUT outcome text, OUT document text
)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    -- Keys live 24 hours.
    key_age_max CONSTANT interval := '24 hours';
    v_event events;
    v_request event_requests;
    v_on_sale_at timestamptz := coalesce(instant(p_on_sale_at_ms), present());
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
        id, name, description, venue, starts_at, ends_at, on_sale_at, currency, max_per_buyer,
        hold_ttl_s, queue_enabled, max_active, release_per_s, pass_ttl_s, draw_seed, draw_count,
        drawn_at, queue_joining, queue_message, abandon_after_s
    ) VALUES (
        p_id, p_name, p_description, p_venue, instant(p_starts_at_ms), instant(p_ends_at_ms),
        v_on_sale_at, p_currency, p_max_per_buyer, p_hold_ttl_s,
        p_queue_enabled, p_max_active, p_release_per_s, p_pass_ttl_s, p_draw_seed,
        CASE WHEN v_is_open THEN 0 END, CASE WHEN v_is_open THEN present() END, p_queue_joining,
        p_queue_message, p_abandon_after_s
    ) ON CONFLICT (id) DO NOTHING RETURNING * INTO v_event;
    IF FOUND THEN
        outcome := 'created';
        INSERT INTO sections (
            event_id, name, place, kind, row_count, seats_per_row, capacity, price
        )
        SELECT p_id, s.name, s.place, s.kind, s.row_count, s.seats_per_row, s.capacity, s.price
        FROM described_sections(p_sections) AS s;
    ELSE
        outcome := 'replayed';
        SELECT * INTO v_event FROM events AS e WHERE e.id = p_id;
    END IF;
    document := event_document(v_event);
    UPDATE event_requests AS r SET document = create_event.document WHERE r.key = p_key;
END
$body$;

DROP FUNCTION boxoffice.update_event(
    uuid, text, text, text, bigint, bigint, bigint, boolean, bigint, bigint, boolean, bigint,
    bigint, bigint, boolean, text
);

-- Changes what is given and leaves what is NULL. Outcomes: updated, event_missing,
-- event_cancelled, invalid_times.
CREATE FUNCTION boxoffice.update_event(
    p_event uuid, p_name text, p_description text, p_venue text, p_starts_at_ms bigint,
    p_ends_at_ms bigint, p_on_sale_at_ms bigint, p_paused boolean, p_max_per_buyer bigint,
    p_hold_ttl_s bigint, p_queue_enabled boolean, p_max_active bigint, p_release_per_s bigint,
    p_pass_ttl_s bigint, p_queue_joining boolean, p_queue_message text,
    p_abandon_after_s bigint, OUT outcome text, OUT document text
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
        pass_ttl_s = coalesce(p_pass_ttl_s, e.pass_ttl_s),
        queue_joining = coalesce(p_queue_joining, e.queue_joining),
        queue_message = coalesce(p_queue_message, e.queue_message),
        abandon_after_s = coalesce(p_abandon_after_s, e.abandon_after_s)
    WHERE e.id = p_event RETURNING * INTO v_event;
    outcome := 'updated';
    document := event_document(v_event);
END
$body$;
