-- Events and their sections.

CREATE TABLE boxoffice.events (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    description text NOT NULL,
    venue text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    on_sale_at timestamptz NOT NULL,
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    max_per_buyer bigint NOT NULL CHECK (max_per_buyer > 0),
    hold_ttl_s bigint NOT NULL CHECK (hold_ttl_s > 0),
    queue_enabled boolean NOT NULL,
    max_active bigint NOT NULL CHECK (max_active >= 0),
    release_per_s bigint NOT NULL CHECK (release_per_s >= 0),
    pass_ttl_s bigint NOT NULL CHECK (pass_ttl_s > 0),
    paused boolean NOT NULL DEFAULT false,
    cancelled boolean NOT NULL DEFAULT false,
    sold_out boolean NOT NULL DEFAULT false,
    -- The number of the event's life in Redis. It only grows.
    generation bigint NOT NULL DEFAULT 1 CHECK (generation > 0),
    created_at timestamptz NOT NULL DEFAULT boxoffice.present(),
    CONSTRAINT events_end_after_start CHECK (ends_at > starts_at)
);

-- What the worker serves and what buyers list.
CREATE INDEX events_live_by_end ON boxoffice.events (ends_at) WHERE NOT cancelled;

CREATE TABLE boxoffice.sections (
    event_id uuid NOT NULL REFERENCES boxoffice.events (id),
    name text COLLATE "C" NOT NULL CHECK (name ~ '^[A-Za-z0-9]{1,16}$'),
    -- The order in which clients see the sections, from 1.
    place bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('seated', 'standing')),
    -- Of a seated section; 0 for a standing one.
    row_count bigint NOT NULL CHECK (row_count >= 0),
    seats_per_row bigint NOT NULL CHECK (seats_per_row >= 0),
    capacity bigint NOT NULL CHECK (capacity BETWEEN 1 AND 100000),
    -- Of one place, in minor units of the event's currency.
    price bigint NOT NULL CHECK (price >= 0),
    -- Places sold of a standing section. Stays 0 for a seated one, so that sales of different
    -- seats never wait for the same row: there the tickets are the count.
    standing_sold bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (event_id, name),
    UNIQUE (event_id, place),
    CONSTRAINT sections_shape CHECK (
        kind = 'seated' AND capacity = row_count * seats_per_row
        OR kind = 'standing' AND row_count = 0 AND seats_per_row = 0
    ),
    -- The last word on standing places, whatever a function does.
    CONSTRAINT sections_never_oversold CHECK (
        standing_sold BETWEEN 0 AND CASE kind WHEN 'standing' THEN capacity ELSE 0 END
    )
);

-- Idempotency keys of requests that create events. Others live in the event's Redis slot.
CREATE TABLE boxoffice.event_requests (
    key text PRIMARY KEY,
    fingerprint text NOT NULL,
    -- The event as it was when it was created: the first answer again.
    document text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX event_requests_by_age ON boxoffice.event_requests (created_at);

-- An event with its sections, in the shape that the ledger crate reads.
CREATE FUNCTION boxoffice.event_document(event boxoffice.events) RETURNS text
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

-- Sections as the organiser describes them, in order. Sizes that do not belong to the kind are
-- ignored.
CREATE FUNCTION boxoffice.described_sections(described jsonb)
RETURNS TABLE (
    name text, place bigint, kind text, row_count bigint, seats_per_row bigint, capacity bigint,
    price bigint
)
LANGUAGE sql IMMUTABLE
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
