-- Whether a hold outlives its time for a payment that may still become a sale: nothing is decided
-- about it, and it is not given up. For 120 s at most, should the provider not answer.
CREATE OR REPLACE FUNCTION boxoffice.kept_for_payment(booking boxoffice.bookings) RETURNS boolean
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT booking.expires_at > now() - interval '120 s' AND EXISTS (
        SELECT FROM payments AS p
        WHERE p.booking_id = booking.id AND p.decision IS NULL
            AND NOT payment_is_given_up(p.provider_state, p.decision)
    )
$body$;
