-- Stores a new event. Outcomes: created, replayed (document as it was then),
-- idempotency_key_reused.
--
-- The key is claimed before the event is written: a second request with the same key waits for
-- the first one to commit, and then finds its answer. Nobody can join before a sale that opens at
-- once, so there is nothing to draw.
CREATE OR REPLACE FUNCTION boxoffice.create_event(
    p_id uuid, p_name text, p_description text, p_venue text, p_starts_at_ms bigint,
    p_ends_at_ms bigint, p_on_sale_at_ms bigint, p_currency text, p_sections jsonb,
    p_max_per_buyer bigint, p_hold_ttl_s bigint, p_queue_enabled boolean, p_max_active bigint,
    p_release_per_s bigint, p_pass_ttl_s bigint, p_key text, p_fingerprint text,
    p_draw_seed text, p_queue_joining boolean, p_queue_message text,
    p_abandon_after_s bigint, OUT outcome text, OUT document text
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
    v_on_sale_at timestamptz := coalesce(instant(p_on_sale_at_ms), now_utc());
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
        CASE WHEN v_is_open THEN 0 END, CASE WHEN v_is_open THEN now_utc() END, p_queue_joining,
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
