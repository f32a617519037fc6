-- Sales of an event hold this lock shared until they commit, cancelling holds it alone. It lives
-- in memory: a lock on the event's row would make every sale write the same row.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.event_lock_key(p_event uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN hashtextextended(p_event::text, 0);
