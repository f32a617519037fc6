-- Cancels a confirmed booking: its places are free, its payment goes back. Outcomes: cancelled,
-- already_cancelled, not_confirmed, event_started (an owner came too late: the event has begun, or
-- somebody is in with a ticket), booking_missing.
CREATE OR REPLACE FUNCTION boxoffice.cancel_booking(
    p_booking text, p_by_owner boolean, OUT outcome text
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_booking bookings;
BEGIN
    -- Its sale may be storing it at this moment.
    -- mutant: cancelling-does-not-see-a-sale-that-commits
    PERFORM pg_advisory_xact_lock(booking_lock_key(p_booking));
    SELECT * INTO v_booking FROM bookings AS b WHERE b.id = p_booking FOR UPDATE;
    -- A scan that has begun is over now, and none begins until this is done.
    -- mutant: cancelling-does-not-see-a-scan-that-commits
    PERFORM FROM tickets AS t WHERE t.booking_id = p_booking FOR UPDATE;
    outcome := CASE
        WHEN v_booking.id IS NULL THEN 'booking_missing'
        WHEN v_booking.state IN ('cancelled', 'refunded') THEN 'already_cancelled'
        WHEN v_booking.state <> 'confirmed' THEN 'not_confirmed'
        WHEN p_by_owner AND EXISTS (
            SELECT FROM events AS e WHERE e.id = v_booking.event_id AND e.starts_at <= now()
        ) THEN 'event_started'
        -- mutant: used-tickets-are-cancelled
        WHEN p_by_owner AND used_tickets(p_booking, NULL) > 0 THEN 'event_started'
        ELSE 'cancelled'
    END;
    IF outcome = 'cancelled' THEN
        PERFORM withdraw_booking(v_booking, 'cancelled', 'cancelled');
    END IF;
END
$body$;
