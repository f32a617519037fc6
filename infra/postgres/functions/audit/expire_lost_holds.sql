-- Ends bookings whose places Redis has lost and given to others. They read as expired, which is not
-- the last word: a payment that turns up later takes the places again if they are free. In the
-- order of their ids, as the drain does; those that were resolved meanwhile stay as they are.
CREATE OR REPLACE FUNCTION boxoffice.expire_lost_holds(p_bookings text[], OUT expired bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE bookings AS b SET state = 'expired' WHERE b.id IN (
        SELECT lost.id FROM bookings AS lost
        WHERE lost.id = ANY (p_bookings) AND lost.state = 'reserved'
        ORDER BY lost.id FOR UPDATE
    );
    GET DIAGNOSTICS expired = ROW_COUNT;
END
$body$;
