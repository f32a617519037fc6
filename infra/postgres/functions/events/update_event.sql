-- Changes what p_change names, as `domain::event::EventChange` writes it, and leaves the rest.
-- Outcomes: updated, event_missing, event_cancelled, invalid_times; with sections, see
-- change_sections, also sections_changed and capacity_in_use. All of it changes, or nothing.
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
    v_on_sale_at timestamptz := p_change ->> 'on_sale_at';
    v_change record;
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
    -- For what results, of what is sent and what another change has stored meanwhile.
    IF coalesce(v_ends_at, v_event.ends_at) <= coalesce(v_starts_at, v_event.starts_at)
        -- mutant: stored-openings-are-not-compared
        OR coalesce(v_ends_at, v_on_sale_at) IS NOT NULL
            AND coalesce(v_ends_at, v_event.ends_at)
                <= coalesce(v_on_sale_at, v_event.on_sale_at)
    THEN
        outcome := 'invalid_times';
        RETURN;
    END IF;
    SELECT * INTO STRICT v_change FROM change_sections(
        v_event, p_change -> 'sections', (p_change ->> 'sections_version')::bigint
    );
    IF v_change.refusal IS NOT NULL THEN
        outcome := v_change.refusal;
        RETURN;
    END IF;

    UPDATE events AS e SET
        name = coalesce(p_change ->> 'name', e.name),
        description = coalesce(p_change ->> 'description', e.description),
        venue = coalesce(p_change ->> 'venue', e.venue),
        time_zone = coalesce(p_change ->> 'time_zone', e.time_zone),
        starts_at = coalesce(v_starts_at, e.starts_at),
        ends_at = coalesce(v_ends_at, e.ends_at),
        -- The keys in Redis live by the end of the event.
        retired_at = CASE WHEN v_ends_at IS NULL THEN e.retired_at END,
        on_sale_at = coalesce(v_on_sale_at, e.on_sale_at),
        paused = coalesce((p_change ->> 'paused')::boolean, e.paused),
        sale = merge_documents(e.sale, coalesce(p_change -> 'sale', '{}')),
        sections_version = e.sections_version + v_change.changed::integer,
        sold_out = CASE WHEN v_change.changed THEN is_sold_out(p_event) ELSE e.sold_out END
    WHERE e.id = p_event RETURNING * INTO v_event;
    outcome := 'updated';
    document := event_document(v_event);
END
$body$;
