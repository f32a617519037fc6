-- Bookings and tickets: where a seat is sold, once.

CREATE TABLE boxoffice.bookings (
    id text COLLATE "C" PRIMARY KEY,
    -- No foreign keys to events or sections: each check would lock, and so write, the same row
    -- for every booking of an event. The functions look the event up, and events are never deleted.
    event_id uuid NOT NULL,
    user_id uuid NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (
        state IN ('reserved', 'expired', 'released', 'confirmed', 'refunded', 'cancelled')
    ),
    section text COLLATE "C" NOT NULL,
    -- Seat labels (A-1-12) in byte order; empty for a standing section.
    seats text[] COLLATE "C" NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    -- In minor units of currency.
    amount bigint NOT NULL CHECK (amount >= 0),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- By the clock of Redis, where the hold was made.
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    -- By the clock of the ledger.
    confirmed_at timestamptz,
    -- The payment that confirmed it; NULL when nothing was to be paid, or the organiser confirmed.
    -- A payment confirms one booking.
    payment_id text COLLATE "C" UNIQUE REFERENCES boxoffice.payments (id),
    CONSTRAINT bookings_quantity_is_seats CHECK (
        cardinality(seats) = 0 OR cardinality(seats) = quantity
    ),
    -- A payment may be refunded before we hear that it was made.
    CONSTRAINT bookings_confirmed_at CHECK (confirmed_at IS NOT NULL OR state <> 'confirmed')
);

-- A buyer's bookings, newest first.
CREATE INDEX bookings_by_user ON boxoffice.bookings (user_id, created_at DESC, id DESC);
-- What the sweeper looks for; nearly empty, because holds end within minutes.
CREATE INDEX bookings_reserved_by_expiry ON boxoffice.bookings (expires_at)
    WHERE state = 'reserved';
-- What is held or sold of an event, in the order of making: rebuilds, audits and the cancellation
-- of an event read it. A query says `state IN ('reserved', 'confirmed') AND state = …`: without
-- the first half, the planner does not see that the index has all that the second half wants.
CREATE INDEX bookings_open_by_event ON boxoffice.bookings (event_id, id)
    WHERE state IN ('reserved', 'confirmed');

-- One row for each sold place. The primary key is what "sold" means: whatever Redis lost or says
-- twice, a seat of an event has one booking.
CREATE TABLE boxoffice.tickets (
    event_id uuid NOT NULL,
    -- A-1-12 for a seat. <section>-<booking>-<n> for a standing place, which nobody else can want:
    -- there the section's counter decides.
    seat text COLLATE "C" NOT NULL,
    booking_id text COLLATE "C" NOT NULL REFERENCES boxoffice.bookings (id),
    section text COLLATE "C" NOT NULL,
    sold_at timestamptz NOT NULL DEFAULT now(),
    -- mutant: no-primary-key-of-tickets
    PRIMARY KEY (event_id, seat)
);

CREATE INDEX tickets_by_booking ON boxoffice.tickets (booking_id);

-- A booking as the ledger crate reads it. What a type needs more comes with a new type: this one is
-- in use while functions are replaced.
CREATE TYPE boxoffice.booking_row AS (
    booking_id text, event_id text, user_id text, status text, section text, seats text,
    quantity bigint, amount bigint, currency text, expires_at_ms bigint, created_at_ms bigint
);
