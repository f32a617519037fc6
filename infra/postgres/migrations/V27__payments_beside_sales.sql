-- Payments beside sales: a booking is locked before its row can be seen, and no payment is handed
-- out, or kept, that buys nothing any more.

-- Who stores a booking, or takes in news of its payment, holds this lock alone until the commit,
-- and takes it before the row's: a row that another call is only storing cannot be seen, and so not
-- waited for.
CREATE FUNCTION boxoffice.booking_lock_key(p_booking text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN hashtextextended(p_booking, 1);

-- Whether a payment can pay for nothing any more, whatever its buyer does.
CREATE FUNCTION boxoffice.payment_is_given_up(state text, decision text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(decision = 'give_back', false) OR state IN ('canceled', 'refunded');

-- The booking of a hold, stored if the journal has not been drained, and locked: from here on, all
-- calls for this booking come one after the other.
CREATE OR REPLACE FUNCTION boxoffice.lock_booking(
    p_booking text, p_event uuid, p_user uuid, p_section text, p_seats text[], p_quantity bigint,
    p_amount bigint, p_currency text, p_created_at_ms bigint, p_expires_at_ms bigint
) RETURNS boxoffice.bookings
LANGUAGE plpgsql
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
    RETURN v_booking;
END
$body$;

-- Takes in what the provider says of a payment, in any order and any number of times: the state
-- only rises. Outcomes: applied, other_booking (it names another one than before), unknown_booking
-- (of no event of ours). p_event is the event of p_booking, NULL when that is no booking id.
CREATE OR REPLACE FUNCTION boxoffice.raise_payment(
    p_payment text, p_booking text, p_event uuid, p_state text, p_amount bigint, p_currency text,
    p_whole boolean, p_amount_refunded bigint, p_livemode boolean, OUT outcome text
)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_is_ours boolean := p_event IS NOT NULL AND EXISTS (
        SELECT FROM events AS e WHERE e.id = p_event
    );
    -- The booking before the payment, as everywhere.
    v_booking_id text := coalesce(
        (SELECT p.booking_id FROM payments AS p WHERE p.id = p_payment), p_booking
    );
    v_booking bookings;
    v_before payments;
    v_after payments;
BEGIN
    PERFORM pg_advisory_xact_lock(booking_lock_key(v_booking_id));
    IF v_is_ours OR p_booking IS NULL AND p_state = 'refunded' THEN
        INSERT INTO payments (id, booking_id, event_id, amount, currency, livemode)
        VALUES (p_payment, CASE WHEN v_is_ours THEN p_booking END,
            CASE WHEN v_is_ours THEN p_event END, greatest(p_amount, 0), p_currency, p_livemode)
        ON CONFLICT (id) DO NOTHING;
    END IF;
    IF v_booking_id IS NULL THEN
        -- Other news may have named it in this moment.
        SELECT p.booking_id INTO v_booking_id FROM payments AS p WHERE p.id = p_payment;
        PERFORM pg_advisory_xact_lock(booking_lock_key(v_booking_id));
    END IF;
    SELECT b.* INTO v_booking FROM bookings AS b WHERE b.id = v_booking_id FOR UPDATE;
    SELECT * INTO v_before FROM payments AS p WHERE p.id = p_payment FOR UPDATE;
    outcome := CASE
        WHEN v_before.id IS NULL THEN 'unknown_booking'
        WHEN p_booking <> v_before.booking_id THEN 'other_booking'
        WHEN p_booking IS NOT NULL AND v_before.booking_id IS NULL AND NOT v_is_ours
            THEN 'unknown_booking'
        ELSE 'applied'
    END;
    IF outcome <> 'applied' THEN
        RETURN;
    END IF;

    UPDATE payments AS p SET
        booking_id = coalesce(p.booking_id, p_booking),
        event_id = coalesce(p.event_id, p_event),
        provider_state = CASE
            WHEN payment_rank(p_state) > payment_rank(p.provider_state) THEN p_state
            ELSE p.provider_state
        END,
        contradicted = p.contradicted OR p.decision IS NULL
            AND p_state IN ('authorised', 'captured')
            AND (NOT p_whole OR p_amount <> p.amount OR p_currency <> p.currency),
        amount_refunded = CASE
            WHEN 'refunded' IN (p_state, p.provider_state) THEN p.amount
            ELSE greatest(p.amount_refunded, least(p_amount_refunded, p.amount))
        END,
        -- A sale that was refunded elsewhere is not kept; its booking follows below.
        decision = CASE WHEN p_state = 'refunded' AND p.decision = 'keep' THEN 'give_back'
            ELSE p.decision END,
        reason = CASE WHEN p_state = 'refunded' AND p.decision = 'keep' THEN 'refunded'
            ELSE p.reason END,
        updated_at = present()
    WHERE p.id = p_payment RETURNING * INTO v_after;
    IF (v_before.booking_id, v_before.provider_state) IS NOT DISTINCT FROM
        (v_after.booking_id, v_after.provider_state)
    THEN
        -- Nothing new, unless this call has made the payment.
        IF NOT EXISTS (SELECT FROM sagas AS s WHERE s.id = 'payment:' || p_payment) THEN
            PERFORM wake_payment(p_payment);
        END IF;
        RETURN;
    END IF;
    PERFORM wake_payment(p_payment);

    IF v_booking.payment_id = p_payment AND v_after.decision = 'give_back'
        AND v_after.provider_state IN ('canceled', 'refunded')
    THEN
        UPDATE refunds AS r SET done_at = coalesce(r.done_at, now())
        WHERE r.payment_id = p_payment AND v_after.provider_state = 'refunded';
        IF v_booking.state = 'confirmed' THEN
            PERFORM withdraw_booking(v_booking, 'refunded', 'refunded');
        ELSIF v_booking.state = 'cancelled' THEN
            UPDATE bookings AS b SET state = 'refunded' WHERE b.id = v_booking.id;
            PERFORM announce(v_booking.id, 'refunded');
        END IF;
    END IF;
END
$body$;

-- Keeps a payment that was begun at the provider for a hold. Outcomes: recorded; payment_taken (it
-- belongs to another booking); or why nothing can be paid: event_missing, invalid_seats,
-- booking_differs, already_confirmed, already_released, booking_expired, cancelled, event_ended,
-- payment_given_back (with this one; the next one may do), payment_differs (not the price). A new
-- payment that is not wanted is kept all the same, to be cancelled at the provider.
CREATE OR REPLACE FUNCTION boxoffice.record_payment(
    p_booking text, p_event uuid, p_user uuid, p_section text, p_seats text[], p_quantity bigint,
    p_amount bigint, p_currency text, p_created_at_ms bigint, p_expires_at_ms bigint,
    p_payment text, p_asked bigint, p_asked_currency text, p_livemode boolean, OUT outcome text
)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_seats text[] := ARRAY(SELECT seat FROM unnest(p_seats) AS seat ORDER BY seat COLLATE "C");
    v_booking bookings;
    v_section sections;
    v_cancelled boolean;
    v_ended boolean;
    v_payment payments;
    v_is_new boolean;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(event_lock_key(p_event));
    SELECT e.cancelled, e.ends_at <= now() INTO v_cancelled, v_ended
    FROM events AS e WHERE e.id = p_event;
    IF NOT FOUND THEN
        outcome := 'event_missing';
        RETURN;
    END IF;
    SELECT * INTO v_section FROM sections AS s WHERE s.event_id = p_event AND s.name = p_section;
    IF NOT FOUND OR NOT seats_exist(v_section, v_seats, p_quantity) THEN
        outcome := 'invalid_seats';
        RETURN;
    END IF;
    v_booking := lock_booking(p_booking, p_event, p_user, p_section, v_seats, p_quantity,
        p_amount, p_currency, p_created_at_ms, p_expires_at_ms);

    INSERT INTO payments (id, booking_id, event_id, amount, currency, livemode)
    VALUES (p_payment, p_booking, p_event, greatest(p_asked, 0), p_asked_currency, p_livemode)
    ON CONFLICT (id) DO NOTHING;
    v_is_new := FOUND;
    SELECT * INTO STRICT v_payment FROM payments AS p WHERE p.id = p_payment FOR UPDATE;
    IF v_payment.booking_id IS DISTINCT FROM p_booking THEN
        outcome := 'payment_taken';
        RETURN;
    END IF;

    outcome := CASE
        WHEN (v_booking.event_id, v_booking.user_id, v_booking.section, v_booking.seats,
                v_booking.quantity, v_booking.amount, v_booking.currency::text)
            IS DISTINCT FROM
            (p_event, p_user, p_section, v_seats, p_quantity, p_amount, p_currency)
            THEN 'booking_differs'
        WHEN v_booking.state = 'confirmed' THEN 'already_confirmed'
        WHEN v_booking.state = 'released' THEN 'already_released'
        WHEN v_booking.state IN ('cancelled', 'refunded') OR v_cancelled THEN 'cancelled'
        WHEN v_booking.state = 'expired' OR v_booking.expires_at <= now() THEN 'booking_expired'
        WHEN v_ended THEN 'event_ended'
        WHEN payment_is_given_up(v_payment.provider_state, v_payment.decision)
            THEN 'payment_given_back'
        WHEN (p_asked, p_asked_currency) IS DISTINCT FROM (p_amount, p_currency)
            THEN 'payment_differs'
        ELSE 'recorded'
    END;
    IF v_is_new THEN
        IF outcome = 'recorded' THEN
            PERFORM wake_payment(p_payment);
        ELSE
            PERFORM decide_give_back(p_payment, outcome);
        END IF;
    END IF;
END
$body$;

-- How many payments of a booking were given up: the number of the next one.
CREATE OR REPLACE FUNCTION boxoffice.canceled_payments(p_booking text, OUT canceled bigint)
LANGUAGE sql STABLE
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT count(*) FROM payments AS p
    WHERE p.booking_id = p_booking
        AND payment_is_given_up(p.provider_state, p.decision)
$body$;

-- Sells all places of a booking, or none. The only function that writes tickets or counts standing
-- places up. Outcomes: confirmed, already_confirmed (by this payment, or without one), already_paid
-- (by something else), already_released, seat_sold, sold_out, cancelled, event_ended (too late for
-- a payment), refunded (the payment was, and so is the booking now), event_missing, invalid_seats,
-- booking_differs, payment_differs, payment_given_back (decided before), not_paid (the provider has
-- no money of it).
CREATE OR REPLACE FUNCTION boxoffice.sell_booking(
    p_booking text, p_event uuid, p_user uuid, p_section text, p_seats text[], p_quantity bigint,
    p_amount bigint, p_currency text, p_created_at_ms bigint, p_expires_at_ms bigint,
    p_payment text, OUT outcome text
)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_seats text[] := ARRAY(SELECT seat FROM unnest(p_seats) AS seat ORDER BY seat COLLATE "C");
    v_booking bookings;
    v_payment payments;
    v_section sections;
    v_cancelled boolean;
    v_ended boolean;
BEGIN
    -- Held until the commit: cancel_event waits for it. Read the event after it is taken.
    PERFORM pg_advisory_xact_lock_shared(event_lock_key(p_event));
    SELECT e.cancelled, e.ends_at <= now() INTO v_cancelled, v_ended
    FROM events AS e WHERE e.id = p_event;
    IF NOT FOUND THEN
        outcome := 'event_missing';
        RETURN;
    END IF;
    SELECT * INTO v_section FROM sections AS s WHERE s.event_id = p_event AND s.name = p_section;
    IF NOT FOUND OR NOT seats_exist(v_section, v_seats, p_quantity) THEN
        outcome := 'invalid_seats';
        RETURN;
    END IF;
    v_booking := lock_booking(p_booking, p_event, p_user, p_section, v_seats, p_quantity,
        p_amount, p_currency, p_created_at_ms, p_expires_at_ms);
    SELECT * INTO v_payment FROM payments AS p WHERE p.id = p_payment FOR UPDATE;

    outcome := CASE
        WHEN (v_booking.event_id, v_booking.user_id, v_booking.section, v_booking.seats,
                v_booking.quantity, v_booking.amount, v_booking.currency::text)
            IS DISTINCT FROM
            (p_event, p_user, p_section, v_seats, p_quantity, p_amount, p_currency)
            THEN 'booking_differs'
        WHEN p_payment IS NOT NULL AND v_payment.booking_id IS DISTINCT FROM p_booking
            THEN 'payment_differs'
        WHEN v_booking.state = 'confirmed' AND p_payment <> coalesce(v_booking.payment_id, '')
            THEN 'already_paid'
        WHEN v_booking.state = 'confirmed' THEN 'already_confirmed'
        WHEN v_booking.state = 'released' THEN 'already_released'
        WHEN v_booking.state IN ('cancelled', 'refunded') OR v_cancelled THEN 'cancelled'
        -- The organiser sells as long as they like; nobody's money is taken for what is over.
        WHEN p_payment IS NOT NULL AND v_ended THEN 'event_ended'
        WHEN v_payment.decision IS NOT NULL THEN 'payment_given_back'
        WHEN v_payment.provider_state NOT IN ('authorised', 'captured', 'refunded')
            THEN 'not_paid'
        WHEN v_payment.contradicted
            OR (v_payment.amount, v_payment.currency) <> (p_amount, p_currency)
            THEN 'payment_differs'
        -- It was paid, and the money went back before we heard of either.
        WHEN v_payment.provider_state = 'refunded' THEN 'refunded'
    END;
    IF outcome = 'refunded' THEN
        UPDATE bookings AS b SET state = 'refunded', payment_id = p_payment
        WHERE b.id = p_booking;
        PERFORM announce(p_booking, 'refunded');
    END IF;
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
            payment_id = p_payment
        WHERE b.id = p_booking;
        UPDATE payments AS p SET decision = 'keep', decided_at = present(),
            updated_at = present()
        WHERE p.id = p_payment;
        IF p_payment IS NOT NULL THEN
            PERFORM wake_payment(p_payment);
        END IF;
        PERFORM announce(p_booking, 'confirmed');
    ELSE
        -- Its places are another's: the hold is over, and its owner is told so.
        UPDATE bookings AS b SET state = 'expired'
        WHERE b.id = p_booking AND b.state = 'reserved';
    END IF;
END
$body$;
