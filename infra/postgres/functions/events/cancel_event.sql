-- Cancels an event for good, after all sales that are being committed. Its bookings follow in
-- batches, by a saga.
CREATE OR REPLACE FUNCTION boxoffice.cancel_event(p_event uuid) RETURNS TABLE (document text)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    PERFORM pg_advisory_xact_lock(event_lock_key(p_event));
    UPDATE events AS e SET cancelled = true, cancelled_at = now_utc()
    WHERE e.id = p_event AND NOT e.cancelled;
    IF FOUND THEN
        PERFORM wake_saga('event_cancellation', p_event::text, p_event, 'cancel', interval '0');
    END IF;
    RETURN QUERY SELECT event_document(e) FROM events AS e WHERE e.id = p_event;
END
$body$;
