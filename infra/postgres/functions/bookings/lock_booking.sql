-- The booking of a hold, stored if the journal has not been drained, and locked: from here on, all
-- calls for this booking come one after the other.
CREATE OR REPLACE FUNCTION boxoffice.lock_booking(
    p_booking text, p_event uuid, p_user uuid, p_section text, p_seats text[], p_quantity bigint,
    p_amount bigint, p_currency text, p_created_at_ms bigint, p_expires_at_ms bigint
) RETURNS boxoffice.bookings
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_booking bookings;
BEGIN
    PERFORM pg_advisory_xact_lock(booking_lock_key(p_booking));
    INSERT INTO bookings (
        id, event_id, user_id, state, section, seats, quantity, amount, currency, created_at,
        expires_at
    ) VALUES (
        p_booking, p_event, p_user, 'reserved', p_section, p_seats, p_quantity, p_amount,
        p_currency, instant(p_created_at_ms), instant(p_expires_at_ms)
    ) ON CONFLICT (id) DO NOTHING;
    SELECT * INTO STRICT v_booking FROM bookings AS b WHERE b.id = p_booking FOR UPDATE;
    -- It was extended since the journal was drained.
    IF v_booking.state = 'reserved' AND v_booking.user_id = p_user
        AND v_booking.expires_at < instant(p_expires_at_ms)
    THEN
        UPDATE bookings AS b SET expires_at = instant(p_expires_at_ms) WHERE b.id = p_booking
        RETURNING b.* INTO v_booking;
    END IF;
    RETURN v_booking;
END
$body$;
