-- What Redis needs to come back: generations, the queue's numbers, holds; and who left the queue.

ALTER TABLE boxoffice.events
    -- Grows with each change of what Redis decides by, so that changes may reach it in any order.
    ADD COLUMN settings_version bigint NOT NULL DEFAULT 1,
    -- Until then one instance builds the event in Redis; NULL when none does.
    ADD COLUMN rebuild_until timestamptz,
    -- The last queue number that was handed out to Redis. It only grows.
    ADD COLUMN queue_ceiling bigint NOT NULL DEFAULT 0 CHECK (queue_ceiling >= 0),
    -- The highest place in the queue that was let in, as draw * 2^32 + number. It only grows.
    ADD COLUMN queue_served bigint NOT NULL DEFAULT 0 CHECK (queue_served >= 0);

-- Who left the queue: a receipt of an earlier place brings nobody back.
CREATE TABLE boxoffice.queue_departures (
    event_id uuid NOT NULL,
    user_id uuid NOT NULL,
    -- The highest number of the places this user has left.
    number bigint NOT NULL,
    PRIMARY KEY (event_id, user_id)
);

-- What rebuilds and audits of an event came to, for ever counted up.
CREATE TABLE boxoffice.audit_totals (
    event_id uuid PRIMARY KEY,
    audits bigint NOT NULL DEFAULT 0,
    -- Things that were different on two looks in a row.
    differences bigint NOT NULL DEFAULT 0,
    -- Things that were mended, by kind.
    places bigint NOT NULL DEFAULT 0,
    counts bigint NOT NULL DEFAULT 0,
    buyers bigint NOT NULL DEFAULT 0,
    holds bigint NOT NULL DEFAULT 0,
    rebuilds bigint NOT NULL DEFAULT 0
);

CREATE FUNCTION boxoffice.raise_settings_version() RETURNS trigger
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    NEW.settings_version := OLD.settings_version + 1;
    RETURN NEW;
END
$body$;

-- A trigger, so that no function that changes an event can forget it.
CREATE TRIGGER raise_settings_version BEFORE UPDATE ON boxoffice.events FOR EACH ROW
WHEN (
    (OLD.on_sale_at, OLD.ends_at, OLD.max_per_buyer, OLD.hold_ttl_s, OLD.queue_enabled,
        OLD.max_active, OLD.release_per_s, OLD.pass_ttl_s, OLD.paused, OLD.cancelled)
    IS DISTINCT FROM
    (NEW.on_sale_at, NEW.ends_at, NEW.max_per_buyer, NEW.hold_ttl_s, NEW.queue_enabled,
        NEW.max_active, NEW.release_per_s, NEW.pass_ttl_s, NEW.paused, NEW.cancelled)
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
                'pass_ttl_s', event.pass_ttl_s
            )
        ),
        'paused', event.paused,
        'cancelled', event.cancelled,
        'sold_out', event.sold_out,
        'generation', event.generation,
        'settings_version', event.settings_version,
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

-- A rebuild reads in pages and takes its generation when it begins.
DROP FUNCTION boxoffice.event_to_open(uuid);
DROP FUNCTION boxoffice.next_generation(uuid);

-- Lets one instance look after a lost event. Outcomes: leased, with the generation the event had;
-- busy (another one does); event_missing.
CREATE FUNCTION boxoffice.lease_rebuild(
    p_event uuid, p_lease_ms bigint, OUT outcome text, OUT generation bigint
)
LANGUAGE plpgsql
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

-- Begins a new life of the event in Redis, p_next; no row unless its generation is p_generation.
-- With p_next the same, goes on where a builder has stopped. The queue's numbers go on above queue_ceiling.
CREATE FUNCTION boxoffice.begin_rebuild(
    p_event uuid, p_generation bigint, p_next bigint, p_lease_ms bigint
)
RETURNS TABLE (document text, queue_ceiling bigint, queue_served bigint)
LANGUAGE sql
SET search_path = boxoffice, pg_temp
AS $body$
    UPDATE events AS e SET
        generation = greatest(p_next, p_generation),
        rebuild_until = now() + p_lease_ms * interval '1 millisecond'
    WHERE e.id = p_event AND e.generation = p_generation
    RETURNING event_document(e), e.queue_ceiling, e.queue_served
$body$;

-- A page of what Redis must know again: bookings in p_state (confirmed, or reserved and not past
-- their time) after p_after, in the order of their ids, which is that of their making. No row when
-- somebody else has begun a newer life; else the lease is renewed.
CREATE FUNCTION boxoffice.bookings_to_restore(
    p_event uuid, p_generation bigint, p_lease_ms bigint, p_state text, p_after text, p_limit bigint
)
RETURNS TABLE (page text)
LANGUAGE plpgsql
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
            AND each.state IN ('reserved', 'confirmed') AND each.state = p_state
            AND (each.state = 'confirmed' OR each.expires_at > now())
        ORDER BY each.id LIMIT p_limit
    ) AS b;
END
$body$;

-- Ends a rebuild, or (not p_rebuilt) the look after an event that was not lost.
CREATE FUNCTION boxoffice.finish_rebuild(
    p_event uuid, p_generation bigint, p_rebuilt boolean, OUT finished boolean
)
LANGUAGE plpgsql
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

-- Hands out queue numbers, each once. No row without such an event.
CREATE FUNCTION boxoffice.grant_numbers(p_event uuid, p_count bigint)
RETURNS TABLE (first bigint, last bigint)
LANGUAGE sql
SET search_path = boxoffice, pg_temp
AS $body$
    UPDATE events AS e SET queue_ceiling = e.queue_ceiling + p_count WHERE e.id = p_event
    RETURNING e.queue_ceiling - p_count + 1, e.queue_ceiling
$body$;

-- Notes how far the queue was let in.
CREATE FUNCTION boxoffice.checkpoint_queue(p_event uuid, p_served bigint, OUT raised boolean)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE events AS e SET queue_served = p_served
    WHERE e.id = p_event AND e.queue_served < p_served;
    raised := FOUND;
END
$body$;

-- Notes that a user has left the queue.
CREATE FUNCTION boxoffice.leave_queue(p_event uuid, p_user uuid, p_number bigint, OUT noted boolean)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    INSERT INTO queue_departures AS d (event_id, user_id, number)
    VALUES (p_event, p_user, p_number)
    ON CONFLICT (event_id, user_id) DO UPDATE SET number = excluded.number
    WHERE d.number < excluded.number;
    noted := FOUND;
END
$body$;

-- Whether a place in the queue has had its effect: it was left, or its pass was used, which each
-- booking made since tells.
CREATE FUNCTION boxoffice.place_is_spent(
    p_event uuid, p_user uuid, p_number bigint, p_joined_at_ms bigint, OUT spent boolean
)
LANGUAGE sql STABLE
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT EXISTS (
        SELECT FROM queue_departures AS d
        WHERE d.event_id = p_event AND d.user_id = p_user AND d.number >= p_number
    ) OR EXISTS (
        SELECT FROM bookings AS b
        WHERE b.user_id = p_user AND b.event_id = p_event
            AND b.created_at >= instant(p_joined_at_ms)
    )
$body$;
