-- Whether the ledger answers, and whether a sale could be committed on this server.
CREATE OR REPLACE FUNCTION boxoffice.ping(OUT writable boolean)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
RETURN NOT pg_is_in_recovery() AND NOT current_setting('transaction_read_only')::boolean;
