-- The order of what the provider says: a payment moves to a higher state or stays.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.payment_rank(state text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE state
    WHEN 'created' THEN 1
    WHEN 'processing' THEN 2
    WHEN 'failed' THEN 3
    WHEN 'authorised' THEN 4
    WHEN 'canceled' THEN 5
    WHEN 'captured' THEN 6
    WHEN 'refunded' THEN 7
END;
