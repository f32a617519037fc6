-- Changes what is given and leaves what is NULL. Outcomes: updated, event_missing,
-- event_cancelled, invalid_times.
CREATE OR REPLACE FUNCTION boxoffice.update_event(
    p_event uuid, p_name text, p_description text, p_venue text, p_starts_at_ms bigint,
    p_ends_at_ms bigint, p_on_sale_at_ms bigint, p_paused boolean, p_max_per_buyer bigint,
    p_hold_ttl_s bigint, p_queue_enabled boolean, p_max_active bigint, p_release_per_s bigint,
    p_pass_ttl_s bigint, p_queue_joining boolean, p_queue_message text,
    p_abandon_after_s bigint, OUT outcome text, OUT document text
)
LANGUAGE plpgsql
SECURITY DEFINER
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
        -- The keys in Redis live by the end of the event.
        retired_at = CASE WHEN p_ends_at_ms IS NULL THEN e.retired_at END,
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
