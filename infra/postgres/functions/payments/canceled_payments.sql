-- How many payments of a booking were given up: the number of the next one.
CREATE OR REPLACE FUNCTION boxoffice.canceled_payments(p_booking text, OUT canceled bigint)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT count(*) FROM payments AS p
    WHERE p.booking_id = p_booking
        AND payment_is_given_up(p.provider_state, p.decision)
$body$;
