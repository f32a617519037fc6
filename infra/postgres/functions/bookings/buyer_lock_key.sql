-- Who sells to a buyer holds this lock alone until the commit: two sales at the same time would
-- each see the tickets of before.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.buyer_lock_key(p_event uuid, p_user uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN hashtextextended(p_event::text || p_user::text, 2);
