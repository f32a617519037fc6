-- Where a booking stands, as everybody is told, in Postgres as in Redis (sale::find_booking asks
-- here): a hold past its time is expired, swept or not, unless it is kept for a payment.
CREATE OR REPLACE FUNCTION boxoffice.booking_state(booking boxoffice.bookings) RETURNS text
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT CASE
        WHEN booking.state = 'reserved' AND booking.expires_at <= now()
            -- mutant: a-hold-that-is-paid-reads-as-expired
            AND NOT kept_for_payment(booking) THEN 'expired'
        ELSE booking.state
    END
$body$;
