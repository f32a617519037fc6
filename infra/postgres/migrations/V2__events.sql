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
    -- The rules of the sale, as `domain::event::SaleSettings` writes them. One that is not there
    -- has its default. A column of its own is for what a query filters or computes by.
    sale jsonb NOT NULL CHECK (jsonb_typeof(sale) = 'object'),
    paused boolean NOT NULL DEFAULT false,
    cancelled boolean NOT NULL DEFAULT false,
    -- When it was cancelled.
    cancelled_at timestamptz,
    sold_out boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', now()),

    -- The number of the event's life in Redis. It only grows.
    generation bigint NOT NULL DEFAULT 1 CHECK (generation > 0),
    -- Grows with each change of what Redis decides by, so that changes may reach it in any order.
    settings_version bigint NOT NULL DEFAULT 1,
    -- Until then one instance builds the event in Redis; NULL when none does.
    rebuild_until timestamptz,
    -- When the worker last compared the event with Redis.
    audited_at timestamptz NOT NULL DEFAULT '-infinity',
    -- When nothing could be sold any more: the end, or the cancellation if that came first.
    over_at timestamptz NOT NULL GENERATED ALWAYS AS (least(ends_at, cancelled_at)) STORED,
    -- When the event's keys in Redis were given an end; NULL while they have none.
    retired_at timestamptz,

    -- The last queue number that was handed out to Redis. It only grows.
    queue_ceiling bigint NOT NULL DEFAULT 0 CHECK (queue_ceiling >= 0),
    -- The highest place in the queue that was let in, as draw * 2^32 + number. It only grows.
    queue_served bigint NOT NULL DEFAULT 0 CHECK (queue_served >= 0),
    -- What had been used up when the last block of numbers was handed out, as Redis names it.
    numbers_state text,
    -- The first number of that block; the last is queue_ceiling.
    numbers_first bigint,
    -- The secret of the draw, in hex: told to nobody before draw_count stands.
    draw_seed text NOT NULL CHECK (draw_seed ~ '^[0-9a-f]{64}$'),
    -- What is published of the seed when the event is created.
    draw_commitment text NOT NULL
        GENERATED ALWAYS AS (encode(sha256(decode(draw_seed, 'hex')), 'hex')) STORED,
    -- How many numbers are drawn for: those given before the opening. Set once, for ever.
    draw_count bigint CHECK (draw_count >= 0),
    drawn_at timestamptz,

    CONSTRAINT events_end_after_start CHECK (ends_at > starts_at),
    CONSTRAINT events_cancelled_at CHECK (cancelled = (cancelled_at IS NOT NULL)),
    CONSTRAINT events_drawn_once CHECK ((draw_count IS NULL) = (drawn_at IS NULL))
);

-- What the worker serves and what buyers list.
CREATE INDEX events_live_by_end ON boxoffice.events (ends_at) WHERE NOT cancelled;
-- Whose keys are still to be taken out of Redis.
CREATE INDEX events_unretired ON boxoffice.events (over_at) WHERE retired_at IS NULL;

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
        -- mutant: no-limit-of-the-standing-counter
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
