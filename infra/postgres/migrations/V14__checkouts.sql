-- Payments on a page of the provider: begun here before the page exists, so that a payment made on
-- it is known to be ours.

CREATE TABLE boxoffice.checkouts (
    -- Ours; it travels in the metadata of the payment.
    id uuid PRIMARY KEY,
    booking_id text COLLATE "C" NOT NULL,
    event_id uuid NOT NULL,
    -- What is asked for, in minor units of currency.
    amount bigint NOT NULL CHECK (amount > 0),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- When the provider ends its page, should we not do it before.
    session_ends_at timestamptz NOT NULL,
    -- The provider's id of the page; NULL until it has answered.
    session_id text COLLATE "C" UNIQUE,
    -- Before, no worker ends the page: one has just tried.
    due_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', now()),
    ended_at timestamptz
);

-- A booking is paid on one page at a time.
CREATE UNIQUE INDEX checkouts_one_open ON boxoffice.checkouts (booking_id)
    WHERE ended_at IS NULL;
-- What the worker takes.
CREATE INDEX checkouts_due ON boxoffice.checkouts (due_at) WHERE ended_at IS NULL;
