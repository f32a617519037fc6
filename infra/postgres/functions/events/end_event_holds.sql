-- Ends holds of a cancelled event: they are released, or expired when their time was over before. In
-- the order of their ids, as the drain does; those that were resolved meanwhile stay as they are.
CREATE OR REPLACE FUNCTION boxoffice.end_event_holds(p_bookings text[], OUT ended bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE bookings AS b SET state = CASE booking_state(b)
        WHEN 'reserved' THEN 'released' ELSE 'expired'
    END
    WHERE b.id IN (
        SELECT held.id FROM bookings AS held
        WHERE held.id = ANY (p_bookings) AND held.state = 'reserved'
        ORDER BY held.id FOR UPDATE
    );
    GET DIAGNOSTICS ended = ROW_COUNT;
    -- Their open payments are cancelled at the provider.
    PERFORM open_payments_among(p_bookings);
END
$body$;
