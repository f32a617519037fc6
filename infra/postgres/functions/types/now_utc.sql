-- The clock of the ledger, in whole milliseconds like every other instant.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.now_utc() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN date_trunc('milliseconds', now());
