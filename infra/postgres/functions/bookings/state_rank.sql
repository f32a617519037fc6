-- The order of states: a booking moves to a higher one or stays. Expired is below released,
-- because the sweeper may call a booking expired whose release is still on its way.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.state_rank(state text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE state
    WHEN 'reserved' THEN 1
    WHEN 'expired' THEN 2
    WHEN 'released' THEN 3
    WHEN 'confirmed' THEN 4
    WHEN 'cancelled' THEN 5
    WHEN 'refunded' THEN 6
END;
