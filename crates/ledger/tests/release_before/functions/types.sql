-- Instants travel as milliseconds since the epoch, because Spin cannot read timestamptz.
-- Whole seconds and the rest are added apart: one double would lose milliseconds in far years.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.instant(unix_ms bigint) RETURNS timestamptz
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN to_timestamp((unix_ms / 1000)::double precision)
    + (unix_ms % 1000)::double precision * interval '1 millisecond';
-- A document with a change merged into it: members that the change does not name stay, at any
-- depth.
CREATE OR REPLACE FUNCTION boxoffice.merge_documents(document jsonb, change jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT CASE
        WHEN jsonb_typeof(document) = 'object' AND jsonb_typeof(change) = 'object' THEN
            document || (
                SELECT coalesce(jsonb_object_agg(
                    new.key, merge_documents(document -> new.key, new.value)
                ), '{}')
                FROM jsonb_each(change) AS new
            )
        ELSE change
    END
$body$;
-- The clock of the ledger, in whole milliseconds like every other instant.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.now_utc() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN date_trunc('milliseconds', now());
-- Whether the ledger answers, and whether a sale could be committed on this server.
CREATE OR REPLACE FUNCTION boxoffice.ping(OUT writable boolean)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
RETURN NOT pg_is_in_recovery() AND NOT current_setting('transaction_read_only')::boolean;
-- An instant as milliseconds since the epoch.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.unix_ms(instant timestamptz) RETURNS bigint
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN round(extract(epoch FROM instant) * 1000)::bigint;
