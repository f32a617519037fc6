-- Letters to buyers, beside the outbox: a mail API that does not answer delays no other message.

CREATE TABLE boxoffice.letters (
    -- 'letter_<kind>_<booking>', as the message of the outbox that it tells of; of a lookup
    -- 'letter_lookup_<chance>'. The mail API takes a letter once under it.
    id text COLLATE "C" PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN (
        'booking.confirmed', 'booking.cancelled', 'booking.refunded', 'booking.part_cancelled',
        'booking.part_refunded', 'bookings.lookup'
    )),
    -- Whose contact it goes to; NULL for a lookup.
    booking_id text COLLATE "C",
    -- Mailbox and language of a lookup. The mailbox goes when the letter is done or dead.
    email text CHECK (char_length(email) BETWEEN 1 AND 254),
    locale text CHECK (char_length(locale) BETWEEN 1 AND 35),
    -- The message of the outbox; NULL for a lookup.
    payload text,
    due_at timestamptz NOT NULL DEFAULT now(),
    attempts bigint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    created_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', now()),
    -- When the mail API took it, or when it turned out that there is nobody to write to.
    done_at timestamptz,
    -- When it was given up.
    dead_at timestamptz,
    last_error text,
    CONSTRAINT letters_subject CHECK (
        (kind = 'bookings.lookup') = (booking_id IS NULL)
        AND (kind = 'bookings.lookup') = (payload IS NULL)
    ),
    CONSTRAINT letters_end CHECK (done_at IS NULL OR dead_at IS NULL)
);

-- What the worker takes.
CREATE INDEX letters_waiting ON boxoffice.letters (due_at)
    WHERE done_at IS NULL AND dead_at IS NULL;
-- What operators are told of.
CREATE INDEX letters_dead ON boxoffice.letters (kind) WHERE dead_at IS NOT NULL;
-- How many were written to one mailbox.
CREATE INDEX letters_by_booking ON boxoffice.letters (booking_id, created_at)
    WHERE booking_id IS NOT NULL;

-- The bookings of a mailbox, of whichever event and guest.
CREATE INDEX bookings_by_mailbox ON boxoffice.bookings (lower(email), created_at DESC, id DESC)
    WHERE email IS NOT NULL;
