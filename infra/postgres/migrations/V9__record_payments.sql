-- What the provider tells, and what buyers begin.

-- An event is done once it is recorded: its effect is in the same statement, and what follows is a
-- saga. Events that had not had their effect were never answered, so the provider sends them again.
DELETE FROM boxoffice.provider_events WHERE state = 'pending';
DROP FUNCTION boxoffice.record_provider_event(text, text, text, bigint, text, boolean, text);
DROP FUNCTION boxoffice.finish_provider_event(text, text);
DROP FUNCTION boxoffice.pending_provider_events(bigint);
ALTER TABLE boxoffice.provider_events
    DROP COLUMN state,
    DROP COLUMN attempts,
    DROP COLUMN due_at,
    DROP COLUMN finished_at,
    ALTER COLUMN outcome SET NOT NULL,
    -- The payment it is about; NULL for other events.
    ADD COLUMN payment_id text COLLATE "C";

-- Takes in what the provider says of a payment, in any order and any number of times: the state
-- only rises. Outcomes: applied, other_booking (it names another one than before), unknown_booking
-- (of no event of ours). p_event is the event of p_booking, NULL when that is no booking id.
CREATE FUNCTION boxoffice.raise_payment(
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
    v_booking bookings;
    v_before payments;
    v_after payments;
BEGIN
    IF v_is_ours OR p_booking IS NULL AND p_state = 'refunded' THEN
        INSERT INTO payments (id, booking_id, event_id, amount, currency, livemode)
        VALUES (p_payment, CASE WHEN v_is_ours THEN p_booking END,
            CASE WHEN v_is_ours THEN p_event END, greatest(p_amount, 0), p_currency, p_livemode)
        ON CONFLICT (id) DO NOTHING;
    END IF;
    -- The booking before the payment, as everywhere.
    SELECT b.* INTO v_booking FROM bookings AS b WHERE b.id = coalesce(
        (SELECT p.booking_id FROM payments AS p WHERE p.id = p_payment), p_booking
    ) FOR UPDATE;
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

-- Keeps an event of the provider and takes in what it says. fresh tells whether this call kept it.
-- outcome: ignored, other_mode, or that of raise_payment; payment: the document, when applied.
CREATE FUNCTION boxoffice.record_provider_event(
    p_id text, p_kind text, p_livemode boolean, p_expected_livemode boolean, p_payload text,
    p_payment text, p_booking text, p_event uuid, p_state text, p_amount bigint, p_currency text,
    p_whole boolean, p_amount_refunded bigint,
    OUT fresh boolean, OUT outcome text, OUT payment text
)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    -- A second delivery waits here for the first one to commit.
    INSERT INTO provider_events (
        id, kind, booking_id, payment_id, amount, currency, livemode, payload, outcome
    ) VALUES (
        p_id, p_kind, CASE WHEN p_event IS NOT NULL THEN p_booking END, p_payment,
        coalesce(p_amount, 0), coalesce(p_currency, ''), p_livemode, p_payload, 'recorded'
    ) ON CONFLICT (id) DO NOTHING;
    fresh := FOUND;
    IF fresh THEN
        IF p_payment IS NULL THEN
            outcome := 'ignored';
        ELSIF p_livemode <> p_expected_livemode THEN
            outcome := 'other_mode';
        ELSE
            SELECT raised.outcome INTO STRICT record_provider_event.outcome
            FROM raise_payment(p_payment, p_booking, p_event, p_state, p_amount, p_currency,
                p_whole, p_amount_refunded, p_livemode) AS raised;
        END IF;
        UPDATE provider_events AS kept SET outcome = record_provider_event.outcome
        WHERE kept.id = p_id;
    ELSE
        SELECT kept.outcome INTO STRICT record_provider_event.outcome
        FROM provider_events AS kept WHERE kept.id = p_id;
    END IF;
    IF outcome = 'applied' THEN
        payment := payment_document(p_payment);
    END IF;
END
$body$;

-- The booking of a hold, stored if the journal has not been drained, and locked: from here on, all
-- calls for this booking come one after the other.
CREATE FUNCTION boxoffice.lock_booking(
    p_booking text, p_event uuid, p_user uuid, p_section text, p_seats text[], p_quantity bigint,
    p_amount bigint, p_currency text, p_created_at_ms bigint, p_expires_at_ms bigint
) RETURNS boxoffice.bookings
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_booking bookings;
BEGIN
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

-- Keeps a payment that was begun at the provider for a hold. Outcomes: recorded; payment_taken (it
-- belongs to another booking); or why nothing can be paid: event_missing, invalid_seats,
-- booking_differs, already_confirmed, already_released, booking_expired, cancelled,
-- payment_differs (not the price). A new payment that is not wanted is kept all the same, to be
-- cancelled at the provider.
CREATE FUNCTION boxoffice.record_payment(
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
    v_payment payments;
    v_is_new boolean;
BEGIN
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
CREATE FUNCTION boxoffice.canceled_payments(p_booking text, OUT canceled bigint)
LANGUAGE sql STABLE
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT count(*) FROM payments AS p
    WHERE p.booking_id = p_booking AND p.provider_state = 'canceled'
$body$;

CREATE FUNCTION boxoffice.find_payment(p_payment text) RETURNS TABLE (payment text)
LANGUAGE sql STABLE
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT found.document FROM payment_document(p_payment) AS found (document)
    WHERE found.document IS NOT NULL
$body$;

-- Which bookings have a payment that may still become a sale. Their sagas ask the provider now.
CREATE FUNCTION boxoffice.open_payments_among(p_bookings text[]) RETURNS TABLE (booking_id text)
LANGUAGE sql
SET search_path = boxoffice, pg_temp
AS $body$
    WITH open AS (
        SELECT p.id, p.booking_id FROM payments AS p
        WHERE p.booking_id = ANY (p_bookings) AND p.decision IS NULL
            AND p.provider_state NOT IN ('canceled', 'refunded')
    ),
    hurried AS (
        UPDATE sagas AS s SET due_at = now(), revision = s.revision + 1
        WHERE s.id IN (SELECT 'payment:' || open.id FROM open)
            AND s.status = 'running' AND s.step = 'await' AND s.due_at > now()
    )
    SELECT DISTINCT open.booking_id FROM open
$body$;
