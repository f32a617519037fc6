-- Payments and refunds, and what the provider tells of them.
--
-- Locks are taken in one order everywhere: the event (shared), the booking, its payment, then
-- tickets or the section, the saga, the outbox.

CREATE TABLE boxoffice.payments (
    -- The provider's id of the payment intent.
    id text COLLATE "C" PRIMARY KEY,
    -- The booking it pays for, once for ever. NULL while only a refund is known, which names none.
    booking_id text COLLATE "C",
    event_id uuid,
    -- What was asked for, in minor units of currency, as we first heard of it.
    amount bigint NOT NULL CHECK (amount >= 0),
    -- ISO 4217, upper case, as the provider writes it; '' when it named none.
    currency text NOT NULL,
    livemode boolean NOT NULL,
    provider_state text COLLATE "C" NOT NULL DEFAULT 'created' CHECK (provider_state IN (
        'created', 'processing', 'failed', 'authorised', 'canceled', 'captured', 'refunded'
    )),
    -- An event told of another amount or currency than asked for, or only a part of it moved.
    contradicted boolean NOT NULL DEFAULT false,
    decision text COLLATE "C" CHECK (decision IN ('keep', 'give_back')),
    -- Why it is given back, for people who look into the ledger.
    reason text,
    decided_at timestamptz,
    amount_refunded bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', now()),
    updated_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', now()),
    CONSTRAINT payments_booking_of_event CHECK ((booking_id IS NULL) = (event_id IS NULL)),
    CONSTRAINT payments_decided CHECK ((decision IS NULL) = (decided_at IS NULL)),
    CONSTRAINT payments_reason CHECK (reason IS NULL OR decision = 'give_back'),
    -- Only money that is there, for a booking, of the right amount, is kept.
    CONSTRAINT payments_kept CHECK (
        decision IS DISTINCT FROM 'keep'
        OR booking_id IS NOT NULL AND NOT contradicted
            AND provider_state IN ('authorised', 'canceled', 'captured')
    ),
    CONSTRAINT payments_refund_within_amount CHECK (amount_refunded BETWEEN 0 AND amount),
    CONSTRAINT payments_refunded_whole CHECK (
        provider_state <> 'refunded' OR amount_refunded = amount
    )
);

CREATE INDEX payments_by_booking ON boxoffice.payments (booking_id);
-- A booking is paid once: the last word, whatever a function does.
-- mutant: two-payments-kept
CREATE UNIQUE INDEX payments_one_kept ON boxoffice.payments (booking_id)
    WHERE decision = 'keep';

-- The intention to refund, written before the provider is asked. The primary key is the promise
-- that a payment is refunded once.
CREATE TABLE boxoffice.refunds (
    payment_id text COLLATE "C" PRIMARY KEY REFERENCES boxoffice.payments (id),
    amount bigint NOT NULL CHECK (amount >= 0),
    -- The provider's id; NULL until it has answered, or when it said that it had been done before.
    refund_id text UNIQUE,
    requested_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz
);

-- Events of the payment provider. One is done once it is recorded: its effect is in the same
-- statement, and what follows is a saga.
CREATE TABLE boxoffice.provider_events (
    -- The provider's id: the same event any number of times is one row.
    id text COLLATE "C" PRIMARY KEY,
    kind text NOT NULL,
    -- The booking it names; not checked here, because it may name one of another system.
    booking_id text COLLATE "C",
    -- The payment it is about; NULL for other events.
    payment_id text COLLATE "C",
    -- In minor units of currency.
    amount bigint NOT NULL,
    currency text NOT NULL,
    livemode boolean NOT NULL,
    -- The body as it came. Text and not jsonb, which refuses the escape \u0000.
    payload text NOT NULL,
    -- What came of it, for people who look into the ledger.
    outcome text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);

-- The provider's lists of events that are read, and how far. One row each: a list that is due is
-- taken by one worker, whichever instance it runs in.
CREATE TABLE boxoffice.event_lists (
    name text COLLATE "C" PRIMARY KEY CHECK (name IN ('undelivered', 'refunds')),
    due_at timestamptz NOT NULL DEFAULT '-infinity',
    -- The event behind which the next run goes on; NULL when the last one came to the end.
    after_event text
);
INSERT INTO boxoffice.event_lists (name) VALUES ('undelivered'), ('refunds');
