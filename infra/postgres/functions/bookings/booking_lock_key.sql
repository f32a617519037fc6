-- Who stores a booking, or takes in news of its payment, holds this lock alone until the commit,
-- and takes it before the row's: a row that another call is only storing cannot be seen, and so not
-- waited for.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.booking_lock_key(p_booking text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN hashtextextended(p_booking, 1);
