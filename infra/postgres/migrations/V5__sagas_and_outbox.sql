-- What is still to do: sagas, and messages to others.

-- Something that is continued until it is done, by whoever comes: one row each.
CREATE TABLE boxoffice.sagas (
    id text COLLATE "C" PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('payment', 'cancellation', 'event_cancellation')),
    -- The payment, the booking or the event.
    subject text NOT NULL,
    event_id uuid NOT NULL,
    step text NOT NULL,
    status text COLLATE "C" NOT NULL DEFAULT 'running'
        CHECK (status IN ('running', 'done', 'dead')),
    -- Attempts of this step that failed, one after the other.
    attempts bigint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    -- Grows with each change: who worked on an older one changes nothing.
    revision bigint NOT NULL DEFAULT 1,
    due_at timestamptz NOT NULL,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', now()),
    updated_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', now()),
    finished_at timestamptz,
    CONSTRAINT sagas_id CHECK (id = kind || ':' || subject),
    CONSTRAINT sagas_finished CHECK ((status = 'running') = (finished_at IS NULL))
);

-- What the worker takes; small, because a saga ends within seconds, or waits for a buyer.
CREATE INDEX sagas_due ON boxoffice.sagas (due_at) WHERE status = 'running';
-- What operators list, newest first.
CREATE INDEX sagas_by_status ON boxoffice.sagas (status, created_at DESC, id DESC);

-- A saga as the ledger crate reads it; see booking_row.
CREATE TYPE boxoffice.saga_row AS (
    id text, kind text, subject text, event_id text, step text, status text, attempts bigint,
    due_at_ms bigint, last_error text, created_at_ms bigint, updated_at_ms bigint
);

-- What is to be told to others. Written with the change it tells of, so none is told of a change
-- that did not happen, and none is forgotten.
CREATE TABLE boxoffice.outbox (
    -- 'msg_<kind>_<booking>': a booking is confirmed, cancelled and refunded once each.
    id text COLLATE "C" PRIMARY KEY,
    kind text NOT NULL
        CHECK (kind IN ('booking.confirmed', 'booking.cancelled', 'booking.refunded')),
    booking_id text COLLATE "C" NOT NULL,
    event_id uuid NOT NULL,
    payload text NOT NULL,
    due_at timestamptz NOT NULL DEFAULT now(),
    attempts bigint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    created_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', now()),
    delivered_at timestamptz,
    last_error text
);

CREATE INDEX outbox_undelivered ON boxoffice.outbox (due_at) WHERE delivered_at IS NULL;
