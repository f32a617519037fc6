-- Tickets that people carry, and the door where they are shown.

-- Filled in place: a table that is written anew looks empty to a statement that waits for it.
ALTER TABLE boxoffice.tickets
    ADD COLUMN ticket_id text COLLATE "C",
    -- Who will come with it, as its owner says.
    ADD COLUMN holder text CHECK (char_length(holder) BETWEEN 1 AND 100),
    -- What it cost when it was sold, in minor units of its booking's currency. NULL only for what was
    -- sold in the moment of an upgrade: then it is the booking's amount by its quantity.
    ADD COLUMN price bigint CHECK (price >= 0);

ALTER TABLE boxoffice.tickets
    -- 12 characters of 33, no two of which look alike: chance, so that nobody can guess one, and
    -- short, so that the signed code fits a small QR code and a person can type it. The same chance
    -- for a unit that is sold again: another ticket. 72 random bits are folded to about 58.
    ALTER COLUMN ticket_id SET DEFAULT translate(lower(encode(
        substring(uuid_send(gen_random_uuid()) FROM 1 FOR 2)
            || substring(uuid_send(gen_random_uuid()) FROM 10), 'base64'
    )), '+/oil', '23011');

UPDATE boxoffice.tickets AS t SET ticket_id = DEFAULT, price = b.amount / b.quantity
FROM boxoffice.bookings AS b WHERE b.id = t.booking_id;

ALTER TABLE boxoffice.tickets
    ALTER COLUMN ticket_id SET NOT NULL,
    ADD CONSTRAINT tickets_id_form CHECK (ticket_id ~ '^[0-9a-hjkmnp-z]{12}$'),
    ADD CONSTRAINT tickets_id UNIQUE (ticket_id);

-- Tickets that are no more. Rows are added when a ticket is deleted, and never change: the door
-- refuses them for ever, and how many there are of an event is the version of its list.
CREATE TABLE boxoffice.cancelled_tickets (
    ticket_id text COLLATE "C" PRIMARY KEY,
    event_id uuid NOT NULL,
    seat text COLLATE "C" NOT NULL,
    booking_id text COLLATE "C" NOT NULL,
    section text COLLATE "C" NOT NULL,
    holder text,
    price bigint,
    sold_at timestamptz NOT NULL,
    cancelled_at timestamptz NOT NULL
);

CREATE INDEX cancelled_tickets_by_event ON boxoffice.cancelled_tickets (event_id, ticket_id);
CREATE INDEX cancelled_tickets_by_booking ON boxoffice.cancelled_tickets (booking_id);

-- Who is in: one row for each ticket that was used. The primary key is what "admitted once" means.
CREATE TABLE boxoffice.admissions (
    -- mutant: a-ticket-is-admitted-twice
    ticket_id text COLLATE "C" PRIMARY KEY,
    event_id uuid NOT NULL,
    -- By the clock of the ledger.
    admitted_at timestamptz NOT NULL,
    -- Where, in words of those who scan; empty when they did not say.
    gate text NOT NULL
);

CREATE INDEX admissions_by_event ON boxoffice.admissions (event_id);

-- What was shown at the door and what became of it. Only ever added to.
CREATE TABLE boxoffice.scans (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The event at whose door it was shown.
    event_id uuid NOT NULL,
    ticket_id text COLLATE "C" NOT NULL,
    result text COLLATE "C" NOT NULL CHECK (result IN (
        'admitted', 'already_used', 'cancelled', 'wrong_event', 'undone', 'not_used'
    )),
    gate text NOT NULL,
    scanned_at timestamptz NOT NULL,
    -- The ticket as it was then: the answer that the door got.
    ticket json NOT NULL,
    -- Stands for caller and idempotency key, if the request had one, and what it asked for.
    request text COLLATE "C",
    fingerprint text COLLATE "C",
    CONSTRAINT scans_request CHECK ((request IS NULL) = (fingerprint IS NULL))
);

CREATE INDEX scans_by_request ON boxoffice.scans (request) WHERE request IS NOT NULL;
CREATE INDEX scans_by_ticket ON boxoffice.scans (ticket_id, id);
