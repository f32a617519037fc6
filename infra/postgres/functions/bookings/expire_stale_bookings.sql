-- Expires bookings whose end never reached the journal: Redis has lost the hold. 40 s cover the
-- grace of a confirmation under way (30 s) and a slow drain. What is kept for a payment stays.
-- Expired is not the last word: a payment that turns up later takes the places again if they are
-- free. Rows in use are left for the next sweep, so a sweep waits for nobody.
CREATE OR REPLACE FUNCTION boxoffice.expire_stale_bookings(p_limit bigint, OUT expired bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE bookings AS b SET state = 'expired' WHERE b.id IN (
        SELECT stale.id FROM bookings AS stale
        WHERE stale.state = 'reserved' AND stale.expires_at < now() - interval '40 s'
            AND NOT kept_for_payment(stale)
        ORDER BY stale.expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    );
    GET DIAGNOSTICS expired = ROW_COUNT;
END
$body$;
