-- Whether a payment can pay for nothing any more, whatever its buyer does.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.payment_is_given_up(state text, decision text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
-- mutant: dead-payments-are-counted-as-open
RETURN coalesce(decision = 'give_back', false) OR state IN ('canceled', 'refunded');
