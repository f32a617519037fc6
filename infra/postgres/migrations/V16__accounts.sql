-- Accounts, and how people sign in to them: by a code or a link in a letter, without a password.

-- Personal data. A row goes when its owner erases the account; bookings keep the user's id.
CREATE TABLE boxoffice.accounts (
    user_id uuid PRIMARY KEY,
    -- The mailbox that its owner has proved to read.
    email text NOT NULL CHECK (char_length(email) BETWEEN 1 AND 254),
    name text CHECK (char_length(name) BETWEEN 1 AND 100),
    -- A language tag of BCP 47.
    locale text CHECK (char_length(locale) BETWEEN 1 AND 35),
    created_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', now())
);

-- One account for each mailbox, whatever the letter case.
CREATE UNIQUE INDEX accounts_mailbox ON boxoffice.accounts (lower(email));

-- Somebody asks to sign in. Neither code nor link is here, only what they are compared with. A row
-- lives a day, in which its tries count.
CREATE TABLE boxoffice.sign_ins (
    id uuid PRIMARY KEY,
    email text NOT NULL CHECK (char_length(email) BETWEEN 1 AND 254),
    name text CHECK (char_length(name) BETWEEN 1 AND 100),
    locale text CHECK (char_length(locale) BETWEEN 1 AND 35),
    -- Of mailbox and code, under a key that the database does not have.
    code_digest text NOT NULL,
    -- SHA-256 of the link's token.
    link_digest text NOT NULL UNIQUE,
    -- Codes that were tried and wrong.
    tries bigint NOT NULL DEFAULT 0 CHECK (tries >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    -- When code or link was used: each ends both.
    used_at timestamptz
);

CREATE INDEX sign_ins_by_mailbox ON boxoffice.sign_ins (lower(email), created_at DESC, id DESC);
CREATE INDEX sign_ins_by_age ON boxoffice.sign_ins (created_at);

CREATE TABLE boxoffice.sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES boxoffice.accounts (user_id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);

CREATE INDEX sessions_by_user ON boxoffice.sessions (user_id);

-- Each is good for one rotation of its session.
CREATE TABLE boxoffice.refresh_tokens (
    -- SHA-256, in hex.
    digest text COLLATE "C" PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES boxoffice.sessions (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);

CREATE INDEX refresh_tokens_by_session ON boxoffice.refresh_tokens (session_id);
CREATE INDEX refresh_tokens_by_end ON boxoffice.refresh_tokens (expires_at);

-- Letters that are about a person and no booking.
ALTER TABLE boxoffice.letters
    -- The sign-in or the invitation that it is about.
    ADD COLUMN subject_id uuid,
    DROP CONSTRAINT letters_kind_check,
    DROP CONSTRAINT letters_subject;
-- Not of the letters of before, whose kinds are among these: no row is read under the lock.
ALTER TABLE boxoffice.letters
    ADD CONSTRAINT letters_kind_check CHECK (kind IN (
        'booking.confirmed', 'booking.cancelled', 'booking.refunded', 'booking.part_cancelled',
        'booking.part_refunded', 'bookings.lookup', 'auth.code', 'invitation.received'
    )) NOT VALID,
    ADD CONSTRAINT letters_subject CHECK (
        (kind IN ('bookings.lookup', 'auth.code', 'invitation.received')) = (booking_id IS NULL)
        AND (booking_id IS NULL) = (payload IS NULL)
        AND (kind IN ('auth.code', 'invitation.received')) = (subject_id IS NOT NULL)
    ) NOT VALID;
