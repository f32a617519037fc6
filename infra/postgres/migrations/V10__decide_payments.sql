-- Decisions: selling, giving back, cancelling; each in the same statement as what it decides.

DROP FUNCTION boxoffice.confirm_booking(
    text, uuid, uuid, text, text[], bigint, bigint, text, bigint, bigint, text
);

-- Sells all places of a booking, or none. The only function that writes tickets or counts standing
-- places up. Outcomes: confirmed, already_confirmed (by this payment, or without one), already_paid
-- (by something else), already_released, seat_sold, sold_out, cancelled, refunded (the payment was,
-- and so is the booking now), event_missing, invalid_seats, booking_differs, payment_differs,
-- payment_given_back (decided before), not_paid (the provider has no money of it).
CREATE FUNCTION boxoffice.sell_booking(
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

-- Sells a booking, and decides about its payment in the same breath: kept when the sale is made by
-- it, given back whenever it can never become one.
CREATE FUNCTION boxoffice.confirm_booking(
    p_booking text, p_event uuid, p_user uuid, p_section text, p_seats text[], p_quantity bigint,
    p_amount bigint, p_currency text, p_created_at_ms bigint, p_expires_at_ms bigint,
    p_payment text, OUT outcome text
)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    SELECT sold.outcome INTO STRICT confirm_booking.outcome
    FROM sell_booking(p_booking, p_event, p_user, p_section, p_seats, p_quantity, p_amount,
        p_currency, p_created_at_ms, p_expires_at_ms, p_payment) AS sold;
    -- Only of this booking: whose payment another one is, decides its own booking.
    IF outcome NOT IN ('confirmed', 'already_confirmed', 'payment_given_back', 'not_paid') THEN
        PERFORM decide_give_back(paid.id, outcome) FROM payments AS paid
        WHERE paid.id = p_payment AND paid.booking_id = p_booking;
    END IF;
END
$body$;

-- Decides that a payment can pay for nothing. What was decided before stays.
CREATE FUNCTION boxoffice.give_back_payment(p_payment text, p_reason text, OUT decided boolean)
LANGUAGE sql
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT decide_give_back(p_payment, p_reason)
$body$;

-- Undoes a sale whose authorisation ended before its money was taken. Outcomes: withdrawn,
-- not_canceled (the provider does not say so), not_kept.
CREATE FUNCTION boxoffice.withdraw_sale(p_payment text, OUT outcome text)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_booking bookings;
    v_payment payments;
BEGIN
    SELECT b.* INTO v_booking FROM bookings AS b WHERE b.payment_id = p_payment FOR UPDATE;
    SELECT * INTO v_payment FROM payments AS p WHERE p.id = p_payment FOR UPDATE;
    IF v_payment.decision IS DISTINCT FROM 'keep' OR v_booking.state <> 'confirmed' THEN
        outcome := 'not_kept';
    ELSIF v_payment.provider_state <> 'canceled' THEN
        outcome := 'not_canceled';
    ELSE
        outcome := 'withdrawn';
        PERFORM withdraw_booking(v_booking, 'cancelled', 'authorisation_ended');
    END IF;
END
$body$;

-- Cancels a confirmed booking: its places are free, its payment goes back. Outcomes: cancelled,
-- already_cancelled, not_confirmed, event_started (an owner came too late), booking_missing.
CREATE FUNCTION boxoffice.cancel_booking(p_booking text, p_by_owner boolean, OUT outcome text)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_booking bookings;
BEGIN
    SELECT * INTO v_booking FROM bookings AS b WHERE b.id = p_booking FOR UPDATE;
    outcome := CASE
        WHEN v_booking.id IS NULL THEN 'booking_missing'
        WHEN v_booking.state IN ('cancelled', 'refunded') THEN 'already_cancelled'
        WHEN v_booking.state <> 'confirmed' THEN 'not_confirmed'
        WHEN p_by_owner AND EXISTS (
            SELECT FROM events AS e WHERE e.id = v_booking.event_id AND e.starts_at <= now()
        ) THEN 'event_started'
        ELSE 'cancelled'
    END;
    IF outcome = 'cancelled' THEN
        PERFORM withdraw_booking(v_booking, 'cancelled', 'cancelled');
    END IF;
END
$body$;

-- Gives a hold back for good, where Redis cannot decide: a confirmation of it is under way or has
-- failed, or Redis has lost it. Outcomes: released, already_released, already_confirmed,
-- booking_expired, cancelled, booking_differs, payment_under_way (paid, and being settled).
CREATE FUNCTION boxoffice.release_booking(
    p_booking text, p_event uuid, p_user uuid, p_section text, p_seats text[], p_quantity bigint,
    p_amount bigint, p_currency text, p_created_at_ms bigint, p_expires_at_ms bigint,
    OUT outcome text
)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_seats text[] := ARRAY(SELECT seat FROM unnest(p_seats) AS seat ORDER BY seat COLLATE "C");
    v_booking bookings;
BEGIN
    v_booking := lock_booking(p_booking, p_event, p_user, p_section, v_seats, p_quantity,
        p_amount, p_currency, p_created_at_ms, p_expires_at_ms);
    outcome := CASE
        WHEN v_booking.user_id <> p_user THEN 'booking_differs'
        WHEN v_booking.state = 'confirmed' THEN 'already_confirmed'
        WHEN v_booking.state = 'released' THEN 'already_released'
        WHEN v_booking.state IN ('cancelled', 'refunded') THEN 'cancelled'
        WHEN v_booking.state = 'expired' OR v_booking.expires_at <= now() THEN 'booking_expired'
        WHEN EXISTS (
            SELECT FROM payments AS p WHERE p.booking_id = p_booking AND p.decision IS NULL
                AND p.provider_state IN ('authorised', 'captured')
        ) THEN 'payment_under_way'
        ELSE 'released'
    END;
    IF outcome = 'released' THEN
        UPDATE bookings AS b SET state = 'released' WHERE b.id = p_booking;
    END IF;
END
$body$;

-- Writes down that a payment is about to be refunded, once. amount: what goes back; NULL when
-- nothing is to be refunded (not decided so, or done).
CREATE FUNCTION boxoffice.begin_refund(p_payment text, OUT amount bigint)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    INSERT INTO refunds (payment_id, amount)
    SELECT p.id, p.amount FROM payments AS p
    WHERE p.id = p_payment AND p.decision = 'give_back' AND p.provider_state <> 'refunded'
    ON CONFLICT (payment_id) DO NOTHING;
    SELECT r.amount INTO begin_refund.amount
    FROM refunds AS r JOIN payments AS p ON p.id = r.payment_id
    WHERE r.payment_id = p_payment AND p.provider_state <> 'refunded';
END
$body$;

-- Notes the provider's name of a refund. That it is done, raise_payment notes.
CREATE FUNCTION boxoffice.note_refund(p_payment text, p_refund text, OUT noted boolean)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE refunds AS r SET refund_id = coalesce(r.refund_id, p_refund),
        done_at = coalesce(r.done_at, now())
    WHERE r.payment_id = p_payment;
    noted := FOUND;
END
$body$;
