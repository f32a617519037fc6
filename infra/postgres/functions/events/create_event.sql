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
        id, name, description, venue, time_zone, starts_at, ends_at, on_sale_at, currency, sale,
        draw_seed, draw_count, drawn_at
    ) VALUES (
        p_id, p_wanted ->> 'name', p_wanted ->> 'description', p_wanted ->> 'venue',
        -- The release before has no zones.
        coalesce(p_wanted ->> 'time_zone', 'UTC'),
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
