-- The sale. The only function that writes tickets or counts standing places.

-- Sells all places of a booking, or none. Outcomes: confirmed, already_confirmed,
-- already_released, seat_sold, sold_out, cancelled, event_missing, invalid_seats,
-- booking_differs, payment_differs.
--
-- Locks are taken in one order, so no two calls wait for each other in a circle: the event
-- (shared), the booking, then tickets in the byte order of their seats, or one section. The drain
-- and the sweeper take bookings only.
CREATE FUNCTION boxoffice.confirm_booking(
    p_booking text, p_event uuid, p_user uuid, p_section text, p_seats text[], p_quantity bigint,
    p_amount bigint, p_currency text, p_created_at_ms bigint, p_expires_at_ms bigint,
    p_provider_event text, OUT outcome text
)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_seats text[] := ARRAY(SELECT seat FROM unnest(p_seats) AS seat ORDER BY seat COLLATE "C");
    v_booking bookings;
    v_section sections;
    v_cancelled boolean;
BEGIN
    -- Held until the commit: cancel_event waits for it. Read the event after it is taken.
    PERFORM pg_advisory_xact_lock_shared(event_lock_key(p_event));
    SELECT e.cancelled INTO v_cancelled FROM events AS e WHERE e.id = p_event;
    IF NOT FOUND THEN
        outcome := 'event_missing';
        RETURN;
    END IF;
    SELECT * INTO v_section FROM sections AS s WHERE s.event_id = p_event AND s.name = p_section;
    IF NOT FOUND OR NOT seats_exist(v_section, v_seats, p_quantity) THEN
        outcome := 'invalid_seats';
        RETURN;
    END IF;

    -- The journal may not have been drained yet.
    INSERT INTO bookings (
        id, event_id, user_id, state, section, seats, quantity, amount, currency, created_at,
        expires_at
    ) VALUES (
        p_booking, p_event, p_user, 'reserved', p_section, v_seats, p_quantity, p_amount,
        p_currency, instant(p_created_at_ms), instant(p_expires_at_ms)
    ) ON CONFLICT (id) DO NOTHING;
    -- From here on, all calls for this booking come one after the other.
    SELECT * INTO STRICT v_booking FROM bookings AS b WHERE b.id = p_booking FOR UPDATE;

    outcome := CASE
        WHEN (v_booking.event_id, v_booking.user_id, v_booking.section, v_booking.seats,
                v_booking.quantity, v_booking.amount, v_booking.currency::text)
            IS DISTINCT FROM
            (p_event, p_user, p_section, v_seats, p_quantity, p_amount, p_currency)
            THEN 'booking_differs'
        WHEN v_booking.state = 'confirmed' THEN 'already_confirmed'
        WHEN v_booking.state = 'released' THEN 'already_released'
        WHEN v_booking.state IN ('cancelled', 'refunded') OR v_cancelled THEN 'cancelled'
        WHEN p_provider_event IS NOT NULL AND NOT EXISTS (
            SELECT FROM provider_events AS paid
            WHERE paid.id = p_provider_event AND paid.booking_id = p_booking
                AND paid.amount = p_amount AND paid.currency = p_currency
        ) THEN 'payment_differs'
    END;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;

    IF v_section.kind = 'standing' THEN
        UPDATE sections AS s SET standing_sold = s.standing_sold + p_quantity
        WHERE s.event_id = p_event AND s.name = p_section
            AND s.standing_sold + p_quantity <= s.capacity;
        IF FOUND THEN
            INSERT INTO tickets (event_id, seat, booking_id, section)
            SELECT p_event, format('%s-%s-%s', p_section, p_booking, n), p_booking, p_section
            FROM generate_series(1, p_quantity) AS n;
        ELSE
            outcome := 'sold_out';
        END IF;
    ELSE
        -- The block is undone as a whole when one seat of it is taken.
        BEGIN
            INSERT INTO tickets (event_id, seat, booking_id, section)
            SELECT p_event, seat, p_booking, p_section
            FROM unnest(v_seats) WITH ORDINALITY AS wanted (seat, n) ORDER BY n;
        EXCEPTION WHEN unique_violation THEN
            outcome := 'seat_sold';
        END;
    END IF;

    IF outcome IS NULL THEN
        outcome := 'confirmed';
        UPDATE bookings AS b SET state = 'confirmed', confirmed_at = present(),
            provider_event_id = p_provider_event
        WHERE b.id = p_booking;
    ELSE
        -- Its places are another's: the hold is over, and its owner is told so.
        UPDATE bookings AS b SET state = 'expired'
        WHERE b.id = p_booking AND b.state = 'reserved';
    END IF;
END
$body$;
