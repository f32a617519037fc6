-- The schema of the ledger, its limits of time, and what all later migrations use.
--
-- Every business step is one function of this schema, called as one statement, so that it commits
-- or fails as a whole without BEGIN. All functions fix their search_path, and write in READ
-- COMMITTED, the default: each statement inside sees what was committed before it began.

CREATE SCHEMA boxoffice;

-- Limits belong to the database: the connection pool of Spin resets what a session sets.
-- They are shorter than the 2.5 s for which a guest waits, so a step that takes too long is
-- given up by the server too, and does not commit behind the back of a caller that has gone.
-- A migration that needs longer begins with SET LOCAL statement_timeout.
DO $limits$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET statement_timeout = ''2s''', current_database());
    -- A row is locked for the length of one commit. Who waits longer for it is better refused.
    EXECUTE format('ALTER DATABASE %I SET lock_timeout = ''1500ms''', current_database());
    -- No step opens a transaction. One that was opened by hand must not keep its locks.
    EXECUTE format('ALTER DATABASE %I SET idle_in_transaction_session_timeout = ''5s''',
        current_database());
END
$limits$;

-- Instants travel as milliseconds since the epoch, because Spin cannot read timestamptz.
-- Whole seconds and the rest are added apart: one double would lose milliseconds in far years.
CREATE FUNCTION boxoffice.instant(unix_ms bigint) RETURNS timestamptz
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN to_timestamp((unix_ms / 1000)::double precision)
    + (unix_ms % 1000)::double precision * interval '1 millisecond';

CREATE FUNCTION boxoffice.unix_ms(instant timestamptz) RETURNS bigint
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN round(extract(epoch FROM instant) * 1000)::bigint;

-- The clock of the ledger, in whole milliseconds like every other instant.
CREATE FUNCTION boxoffice.present() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN date_trunc('milliseconds', now());

-- Whether the ledger answers, and whether a sale could be committed on this server.
CREATE FUNCTION boxoffice.ping(OUT writable boolean)
LANGUAGE sql STABLE
SET search_path = boxoffice, pg_temp
RETURN NOT pg_is_in_recovery() AND NOT current_setting('transaction_read_only')::boolean;
