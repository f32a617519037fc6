-- Who left the queue, and what was found and mended in Redis.

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

-- Seats that two bookings held, or one held and another had bought, at the same time: what a
-- failover that loses writes leads to. One row for each pair.
CREATE TABLE boxoffice.double_holds (
    event_id uuid NOT NULL,
    seat text COLLATE "C" NOT NULL,
    first_booking text COLLATE "C" NOT NULL,
    second_booking text COLLATE "C" NOT NULL,
    found_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, seat, first_booking, second_booking)
);
