-- Instants travel as milliseconds since the epoch, because Spin cannot read timestamptz.
-- Whole seconds and the rest are added apart: one double would lose milliseconds in far years.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.instant(unix_ms bigint) RETURNS timestamptz
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN to_timestamp((unix_ms / 1000)::double precision)
    + (unix_ms % 1000)::double precision * interval '1 millisecond';
