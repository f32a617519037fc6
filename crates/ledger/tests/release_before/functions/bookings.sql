-- Who stores a booking, or takes in news of its payment, holds this lock alone until the commit,
-- and takes it before the row's: a row that another call is only storing cannot be seen, and so not
-- waited for.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.booking_lock_key(p_booking text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN hashtextextended(p_booking, 1);
-- A booking as the ledger crate reads it.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.booking_row_of(booking boxoffice.bookings)
RETURNS boxoffice.booking_row
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW(
    booking.id, booking.event_id::text, booking.user_id::text, booking.state, booking.section,
    array_to_string(booking.seats, ','), booking.quantity, booking.amount, booking.currency::text,
    boxoffice.unix_ms(booking.expires_at), boxoffice.unix_ms(booking.created_at)
)::boxoffice.booking_row;
-- Cancels a confirmed booking: its places are free, its payment goes back. Outcomes: cancelled,
-- already_cancelled, not_confirmed, event_started (an owner came too late), booking_missing.
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
-- Sells a booking, and decides about its payment in the same breath: kept when the sale is made by
-- it, given back whenever it can never become one.
CREATE OR REPLACE FUNCTION boxoffice.confirm_booking(
    p_booking text, p_event uuid, p_user uuid, p_section text, p_seats text[], p_quantity bigint,
    p_amount bigint, p_currency text, p_created_at_ms bigint, p_expires_at_ms bigint,
    p_payment text, OUT outcome text
)
LANGUAGE plpgsql
SECURITY DEFINER
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
-- Those of p_bookings that are confirmed.
CREATE OR REPLACE FUNCTION boxoffice.confirmed_among(p_bookings text[])
RETURNS TABLE (booking_id text)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT b.id FROM bookings AS b WHERE b.id = ANY (p_bookings) AND b.state = 'confirmed'
$body$;
-- Writes journal entries, given as arrays of equal length, as bookings. applied counts bookings
-- that were new or moved on. Entries that no booking can be made of, or whose event is unknown, are
-- dropped. The outcome is the same for any order, any repetition and any number of workers: per
-- booking the highest state and the latest expiry win.
CREATE OR REPLACE FUNCTION boxoffice.drain_journal(
    p_kinds text[], p_bookings text[], p_events text[], p_users text[], p_sections text[],
    p_seats text[], p_quantities bigint[], p_amounts bigint[], p_currencies text[],
    p_created_at_ms bigint[], p_expires_at_ms bigint[],
    OUT applied bigint
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    WITH entries AS (
        SELECT e.kind, e.booking, e.event::uuid AS event_id, e.user_id::uuid AS user_id,
            e.section, string_to_array(e.seats, ',') AS seats, e.quantity, e.amount, e.currency,
            instant(e.created_at_ms) AS created_at, instant(e.expires_at_ms) AS expires_at
        FROM unnest(p_kinds, p_bookings, p_events, p_users, p_sections, p_seats, p_quantities,
            p_amounts, p_currencies, p_created_at_ms, p_expires_at_ms
        ) AS e (kind, booking, event, user_id, section, seats, quantity, amount, currency,
            created_at_ms, expires_at_ms)
    ),
    -- An entry that breaks a CHECK would fail its batch for ever, so it is left out.
    usable AS (
        SELECT * FROM entries
        WHERE kind IN ('reserved', 'expired', 'released')
            AND quantity > 0 AND cardinality(seats) IN (0, quantity) AND amount >= 0
            AND currency ~ '^[A-Z]{3}$'
            AND EXISTS (SELECT FROM events AS known WHERE known.id = entries.event_id)
    ),
    -- One row per booking: no statement may write the same row twice. In the order of their ids,
    -- so that two workers never wait for each other in a circle.
    latest AS (
        SELECT DISTINCT ON (booking COLLATE "C") *,
            max(expires_at) OVER (PARTITION BY booking) AS last_expiry
        FROM usable
        ORDER BY booking COLLATE "C", state_rank(kind) DESC
    ),
    written AS (
        INSERT INTO bookings AS b (
            id, event_id, user_id, state, section, seats, quantity, amount, currency, created_at,
            expires_at
        )
        SELECT booking, event_id, user_id, kind, section, seats, quantity, amount, currency,
            created_at, last_expiry
        FROM latest ORDER BY booking COLLATE "C"
        ON CONFLICT (id) DO UPDATE SET
            state = CASE
                WHEN state_rank(excluded.state) > state_rank(b.state) THEN excluded.state
                ELSE b.state
            END,
            expires_at = greatest(excluded.expires_at, b.expires_at)
        WHERE state_rank(excluded.state) > state_rank(b.state)
            OR state_rank(b.state) < state_rank('confirmed') AND excluded.expires_at > b.expires_at
        RETURNING 1
    )
    SELECT count(*) FROM written INTO applied;
END
$body$;
-- Expires bookings whose end never reached the journal: Redis has lost the hold. 40 s cover the
-- grace of a confirmation under way (30 s) and a slow drain. One with a payment that may still
-- become a sale is kept by the sweeper for 120 s, so it has that long here too. Expired is not the
-- last word: a payment that turns up later takes the places again if they are free. Rows in use are
-- left for the next sweep, so a sweep waits for nobody.
CREATE OR REPLACE FUNCTION boxoffice.expire_stale_bookings(p_limit bigint, OUT expired bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE bookings AS b SET state = 'expired' WHERE b.id IN (
        SELECT stale.id FROM bookings AS stale
        WHERE stale.state = 'reserved' AND stale.expires_at < now() - interval '40 s'
            AND (stale.expires_at < now() - interval '120 s' OR NOT EXISTS (
                SELECT FROM payments AS p
                WHERE p.booking_id = stale.id AND p.decision IS NULL
                    AND p.provider_state NOT IN ('canceled', 'refunded')
            ))
        ORDER BY stale.expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    );
    GET DIAGNOSTICS expired = ROW_COUNT;
END
$body$;
-- A booking; no row without it.
CREATE OR REPLACE FUNCTION boxoffice.find_booking(p_booking text)
RETURNS SETOF boxoffice.booking_row
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT booking_row_of(b)
    FROM bookings AS b WHERE b.id = p_booking
$body$;
-- A buyer's bookings, newest first, after the one at (p_before_ms, p_before) if given.
CREATE OR REPLACE FUNCTION boxoffice.list_bookings(
    p_user uuid, p_limit bigint, p_before_ms bigint, p_before text
)
RETURNS SETOF boxoffice.booking_row
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT booking_row_of(b)
    FROM bookings AS b
    WHERE b.user_id = p_user
        -- Without a cursor, before the end of time: one plan for both, on one index range.
        AND (b.created_at, b.id)
            < (coalesce(instant(p_before_ms), 'infinity'::timestamptz), coalesce(p_before, ''))
    ORDER BY b.created_at DESC, b.id DESC LIMIT p_limit
$body$;
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
    RETURN v_booking;
END
$body$;
-- What the sale of a hold, or a payment for it, depends on: the event, its section, and the
-- booking, stored if the journal has not been drained. refusal: event_missing, invalid_seats, or
-- NULL; the rest is there without a refusal. differs tells whether the booking says something else
-- than the hold.
--
-- Locks are taken in one order, so no two calls wait for each other in a circle: the event
-- (shared), the booking, then what the caller locks: the payment, tickets in the byte order of
-- their seats or one section. All are held until the commit: cancel_event waits for the first one.
CREATE OR REPLACE FUNCTION boxoffice.lock_for_sale(
    p_booking text, p_event uuid, p_user uuid, p_section text, p_seats text[], p_quantity bigint,
    p_amount bigint, p_currency text, p_created_at_ms bigint, p_expires_at_ms bigint,
    OUT refusal text, OUT booking boxoffice.bookings, OUT section boxoffice.sections,
    OUT cancelled boolean, OUT ended boolean, OUT differs boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_seats text[] := ARRAY(SELECT seat FROM unnest(p_seats) AS seat ORDER BY seat COLLATE "C");
BEGIN
    -- Read the event after it is taken.
    PERFORM pg_advisory_xact_lock_shared(event_lock_key(p_event));
    SELECT e.cancelled, e.ends_at <= now() INTO cancelled, ended
    FROM events AS e WHERE e.id = p_event;
    IF NOT FOUND THEN
        refusal := 'event_missing';
        RETURN;
    END IF;
    SELECT s.* INTO section FROM sections AS s WHERE s.event_id = p_event AND s.name = p_section;
    IF NOT FOUND OR NOT seats_exist(section, v_seats, p_quantity) THEN
        refusal := 'invalid_seats';
        RETURN;
    END IF;
    booking := lock_booking(p_booking, p_event, p_user, p_section, v_seats, p_quantity,
        p_amount, p_currency, p_created_at_ms, p_expires_at_ms);
    differs := (booking.event_id, booking.user_id, booking.section, booking.seats,
            booking.quantity, booking.amount, booking.currency::text)
        IS DISTINCT FROM
        (p_event, p_user, p_section, v_seats, p_quantity, p_amount, p_currency);
END
$body$;
-- Gives a hold back for good, where Redis cannot decide: a confirmation of it is under way or has
-- failed, or Redis has lost it. Outcomes: released, already_released, already_confirmed,
-- booking_expired, cancelled, booking_differs, payment_under_way (paid, and being settled).
CREATE OR REPLACE FUNCTION boxoffice.release_booking(
    p_booking text, p_event uuid, p_user uuid, p_section text, p_seats text[], p_quantity bigint,
    p_amount bigint, p_currency text, p_created_at_ms bigint, p_expires_at_ms bigint,
    OUT outcome text
)
LANGUAGE plpgsql
SECURITY DEFINER
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
-- Whether a section has the places that a booking wants: each seat written in its one way, inside
-- of the section, no seat twice. A second spelling (A-01-1) would be a second key of one seat.
CREATE OR REPLACE FUNCTION boxoffice.seats_exist(
    section boxoffice.sections, seats text[], quantity bigint
)
RETURNS boolean
LANGUAGE sql IMMUTABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT CASE section.kind
        WHEN 'standing' THEN cardinality(seats) = 0 AND quantity > 0
        ELSE quantity > 0 AND cardinality(seats) = quantity AND (
            SELECT count(DISTINCT seat) = quantity AND bool_and(CASE
                WHEN seat ~ '^[A-Za-z0-9]{1,16}-[1-9][0-9]{0,5}-[1-9][0-9]{0,5}$' THEN
                    split_part(seat, '-', 1) = section.name
                    AND split_part(seat, '-', 2)::bigint <= section.row_count
                    AND split_part(seat, '-', 3)::bigint <= section.seats_per_row
                ELSE false
            END)
            FROM unnest(seats) AS seat
        )
    END
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
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_sale record;
    v_booking bookings;
    v_payment payments;
BEGIN
    SELECT * INTO STRICT v_sale FROM lock_for_sale(p_booking, p_event, p_user, p_section, p_seats,
        p_quantity, p_amount, p_currency, p_created_at_ms, p_expires_at_ms);
    IF v_sale.refusal IS NOT NULL THEN
        outcome := v_sale.refusal;
        RETURN;
    END IF;
    v_booking := v_sale.booking;
    SELECT * INTO v_payment FROM payments AS p WHERE p.id = p_payment FOR UPDATE;

    outcome := CASE
        WHEN v_sale.differs THEN 'booking_differs'
        WHEN p_payment IS NOT NULL AND v_payment.booking_id IS DISTINCT FROM p_booking
            THEN 'payment_differs'
        WHEN v_booking.state = 'confirmed' AND p_payment <> coalesce(v_booking.payment_id, '')
            THEN 'already_paid'
        WHEN v_booking.state = 'confirmed' THEN 'already_confirmed'
        WHEN v_booking.state = 'released' THEN 'already_released'
        WHEN v_booking.state IN ('cancelled', 'refunded') OR v_sale.cancelled THEN 'cancelled'
        -- The organiser sells as long as they like; nobody's money is taken for what is over.
        WHEN p_payment IS NOT NULL AND v_sale.ended THEN 'event_ended'
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

    IF (v_sale.section).kind = 'standing' THEN
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
            FROM unnest(v_booking.seats) WITH ORDINALITY AS wanted (seat, n) ORDER BY n;
        EXCEPTION WHEN unique_violation THEN
            outcome := 'seat_sold';
        END;
    END IF;

    IF outcome IS NULL THEN
        outcome := 'confirmed';
        UPDATE bookings AS b SET state = 'confirmed', confirmed_at = now_utc(),
            payment_id = p_payment
        WHERE b.id = p_booking;
        UPDATE payments AS p SET decision = 'keep', decided_at = now_utc(),
            updated_at = now_utc()
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
-- The order of states: a booking moves to a higher one or stays. Expired is below released,
-- because the sweeper may call a booking expired whose release is still on its way.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.state_rank(state text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE state
    WHEN 'reserved' THEN 1
    WHEN 'expired' THEN 2
    WHEN 'released' THEN 3
    WHEN 'confirmed' THEN 4
    WHEN 'cancelled' THEN 5
    WHEN 'refunded' THEN 6
END;
-- Undoes a sale: its places are for sale again, its payment is given back, Redis is told by a saga.
-- p_state: cancelled, or refunded when the money has gone back already. The caller has locked the
-- booking and found it confirmed.
CREATE OR REPLACE FUNCTION boxoffice.withdraw_booking(
    p_booking boxoffice.bookings, p_state text, p_reason text
) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE bookings AS b SET state = p_state WHERE b.id = p_booking.id;
    UPDATE payments AS p SET decision = 'give_back', reason = p_reason, updated_at = now_utc()
    WHERE p.id = p_booking.payment_id AND p.decision = 'keep';
    DELETE FROM tickets AS t WHERE t.booking_id = p_booking.id;
    UPDATE sections AS s SET standing_sold = s.standing_sold - p_booking.quantity
    WHERE s.event_id = p_booking.event_id AND s.name = p_booking.section AND s.kind = 'standing';
    IF p_booking.payment_id IS NOT NULL THEN
        PERFORM wake_payment(p_booking.payment_id);
    END IF;
    PERFORM wake_saga('cancellation', p_booking.id, p_booking.event_id, 'free', interval '0');
    PERFORM announce(p_booking.id, p_state);
END
$body$;
