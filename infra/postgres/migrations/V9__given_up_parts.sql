-- Parts of sales that are given up, while the rest stays sold.

CREATE TABLE boxoffice.given_up_parts (
    booking_id text COLLATE "C" NOT NULL REFERENCES boxoffice.bookings (id),
    -- 1, 2, … of each booking.
    part bigint NOT NULL CHECK (part > 0),
    -- Seat labels in byte order; empty for a standing section.
    seats text[] COLLATE "C" NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    -- Its share of what was paid, in minor units of the booking's currency.
    amount bigint NOT NULL CHECK (amount >= 0),
    -- The payment that the share goes back from; NULL when nothing does.
    payment_id text COLLATE "C" REFERENCES boxoffice.payments (id),
    -- The provider's id of the refund; NULL until it has answered, or when the share went back with
    -- the whole payment.
    refund_id text UNIQUE,
    given_up_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', now()),
    -- When the share was back.
    done_at timestamptz,
    -- The promise that a share goes back once.
    PRIMARY KEY (booking_id, part),
    CONSTRAINT given_up_parts_quantity_is_seats CHECK (
        cardinality(seats) = 0 OR cardinality(seats) = quantity
    ),
    CONSTRAINT given_up_parts_refund CHECK (payment_id IS NULL OR amount > 0)
);

CREATE INDEX given_up_parts_by_payment ON boxoffice.given_up_parts (payment_id)
    WHERE payment_id IS NOT NULL;

-- A message about a part: 'msg_<kind>_<booking>_<part>'.
ALTER TABLE boxoffice.outbox
    DROP CONSTRAINT outbox_kind_check,
    ADD CONSTRAINT outbox_kind_check CHECK (kind IN (
        'booking.confirmed', 'booking.cancelled', 'booking.refunded', 'booking.part_cancelled',
        'booking.part_refunded'
    ));
