-- An instant as milliseconds since the epoch.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.unix_ms(instant timestamptz) RETURNS bigint
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN round(extract(epoch FROM instant) * 1000)::bigint;
