-- Writes down that a payment is about to be refunded, once. amount: what goes back; NULL when
-- nothing is to be refunded (not decided so, or done).
CREATE OR REPLACE FUNCTION boxoffice.begin_refund(p_payment text, OUT amount bigint)
LANGUAGE plpgsql
SECURITY DEFINER
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
-- How many payments of a booking were given up: the number of the next one.
CREATE OR REPLACE FUNCTION boxoffice.canceled_payments(p_booking text, OUT canceled bigint)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT count(*) FROM payments AS p
    WHERE p.booking_id = p_booking
        AND payment_is_given_up(p.provider_state, p.decision)
$body$;
-- Takes the lists that are due; each is due again after p_every_ms. Two workers get different ones.
CREATE OR REPLACE FUNCTION boxoffice.claim_event_lists(p_every_ms bigint)
RETURNS TABLE (name text, after_event text)
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    UPDATE event_lists AS l SET due_at = now() + p_every_ms * interval '1 ms'
    WHERE l.name IN (
        SELECT due.name FROM event_lists AS due
        WHERE due.due_at <= now() ORDER BY due.name FOR UPDATE SKIP LOCKED
    )
    RETURNING l.name, l.after_event
$body$;
-- Decides to give a payment back, unless something is decided. decided tells whether by this call.
CREATE OR REPLACE FUNCTION boxoffice.decide_give_back(
    p_payment text, p_reason text, OUT decided boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE payments AS p SET decision = 'give_back', reason = p_reason, decided_at = now_utc(),
        updated_at = now_utc()
    WHERE p.id = p_payment AND p.decision IS NULL;
    decided := FOUND;
    IF decided THEN
        PERFORM wake_payment(p_payment);
    END IF;
END
$body$;
-- A payment; no row without it.
CREATE OR REPLACE FUNCTION boxoffice.find_payment(p_payment text) RETURNS TABLE (payment text)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT found.document FROM payment_document(p_payment) AS found (document)
    WHERE found.document IS NOT NULL
$body$;
-- Decides that a payment can pay for nothing. What was decided before stays.
CREATE OR REPLACE FUNCTION boxoffice.give_back_payment(
    p_payment text, p_reason text, OUT decided boolean
)
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT decide_give_back(p_payment, p_reason)
$body$;
-- Notes where the next run goes on, NULL for nowhere.
CREATE OR REPLACE FUNCTION boxoffice.note_event_list(
    p_name text, p_after_event text, OUT noted boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE event_lists AS l SET after_event = p_after_event WHERE l.name = p_name;
    noted := FOUND;
END
$body$;
-- Notes the provider's name of a refund. That it is done, raise_payment notes.
CREATE OR REPLACE FUNCTION boxoffice.note_refund(p_payment text, p_refund text, OUT noted boolean)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE refunds AS r SET refund_id = coalesce(r.refund_id, p_refund),
        done_at = coalesce(r.done_at, now())
    WHERE r.payment_id = p_payment;
    noted := FOUND;
END
$body$;
-- Which bookings have a payment that may still become a sale. Their sagas ask the provider now.
CREATE OR REPLACE FUNCTION boxoffice.open_payments_among(p_bookings text[])
RETURNS TABLE (booking_id text)
LANGUAGE sql
SECURITY DEFINER
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
-- A payment as the ledger crate reads it, with what its next step depends on.
CREATE OR REPLACE FUNCTION boxoffice.payment_document(p_payment text) RETURNS text
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT json_build_object(
        'id', payment.id,
        'booking_id', payment.booking_id,
        'amount', payment.amount,
        'currency', payment.currency,
        'provider_state', payment.provider_state,
        'contradicted', payment.contradicted,
        'decision', payment.decision,
        'amount_refunded', payment.amount_refunded,
        'booking_state', booking.state,
        'booking_is_over', coalesce(
            booking.state <> 'reserved' OR booking.expires_at <= now(), false
        ),
        'saga_revision', saga.revision
    )::text
    FROM payments AS payment
    LEFT JOIN bookings AS booking ON booking.id = payment.booking_id
    LEFT JOIN sagas AS saga ON saga.id = 'payment:' || payment.id
    WHERE payment.id = p_payment
$body$;
-- Whether a payment can pay for nothing any more, whatever its buyer does.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.payment_is_given_up(state text, decision text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(decision = 'give_back', false) OR state IN ('canceled', 'refunded');
-- The order of what the provider says: a payment moves to a higher state or stays.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.payment_rank(state text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE state
    WHEN 'created' THEN 1
    WHEN 'processing' THEN 2
    WHEN 'failed' THEN 3
    WHEN 'authorised' THEN 4
    WHEN 'canceled' THEN 5
    WHEN 'captured' THEN 6
    WHEN 'refunded' THEN 7
END;
-- What is to be done about a payment: the same table as domain::payment::next_step.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.payment_step(state text, decision text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN decision IS NULL THEN CASE
        WHEN state IN ('created', 'processing', 'failed') THEN 'await'
        WHEN state = 'canceled' THEN 'done'
        ELSE 'settle'
    END
    WHEN decision = 'keep' THEN CASE
        WHEN state IN ('canceled', 'refunded') THEN 'withdraw'
        WHEN state = 'captured' THEN 'done'
        ELSE 'capture'
    END
    WHEN state IN ('canceled', 'refunded') THEN 'done'
    ELSE 'give_back'
END;
-- Takes in what the provider says of a payment, in any order and any number of times: the state
-- only rises. Outcomes: applied, other_booking (it names another one than before), unknown_booking
-- (of no event of ours). p_event is the event of p_booking, NULL when that is no booking id.
CREATE OR REPLACE FUNCTION boxoffice.raise_payment(
    p_payment text, p_booking text, p_event uuid, p_state text, p_amount bigint, p_currency text,
    p_whole boolean, p_amount_refunded bigint, p_livemode boolean, OUT outcome text
)
LANGUAGE plpgsql
SECURITY DEFINER
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
        updated_at = now_utc()
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
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_sale record;
    v_booking bookings;
    v_payment payments;
    v_is_new boolean;
BEGIN
    SELECT * INTO STRICT v_sale FROM lock_for_sale(p_booking, p_event, p_user, p_section, p_seats,
        p_quantity, p_amount, p_currency, p_created_at_ms, p_expires_at_ms);
    IF v_sale.refusal IS NOT NULL THEN
        outcome := v_sale.refusal;
        RETURN;
    END IF;
    v_booking := v_sale.booking;

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
        WHEN v_sale.differs THEN 'booking_differs'
        WHEN v_booking.state = 'confirmed' THEN 'already_confirmed'
        WHEN v_booking.state = 'released' THEN 'already_released'
        WHEN v_booking.state IN ('cancelled', 'refunded') OR v_sale.cancelled THEN 'cancelled'
        WHEN v_booking.state = 'expired' OR v_booking.expires_at <= now() THEN 'booking_expired'
        WHEN v_sale.ended THEN 'event_ended'
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
-- Keeps an event of the provider and takes in what it says. fresh tells whether this call kept it.
-- outcome: ignored, other_mode, or that of raise_payment; payment: the document, when applied.
CREATE OR REPLACE FUNCTION boxoffice.record_provider_event(
    p_id text, p_kind text, p_livemode boolean, p_expected_livemode boolean, p_payload text,
    p_payment text, p_booking text, p_event uuid, p_state text, p_amount bigint, p_currency text,
    p_whole boolean, p_amount_refunded bigint,
    OUT fresh boolean, OUT outcome text, OUT payment text
)
LANGUAGE plpgsql
SECURITY DEFINER
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
-- Those of p_ids that no webhook and no list has brought yet.
CREATE OR REPLACE FUNCTION boxoffice.unrecorded_events(p_ids text[]) RETURNS TABLE (id text)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT given.id FROM unnest(p_ids) AS given (id)
    WHERE NOT EXISTS (SELECT FROM provider_events AS kept WHERE kept.id = given.id)
$body$;
-- Brings the saga of a payment in line with the payment: whenever one of its two facts changes.
CREATE OR REPLACE FUNCTION boxoffice.wake_payment(p_payment text) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_payment payments;
    v_step text;
BEGIN
    SELECT * INTO STRICT v_payment FROM payments AS p WHERE p.id = p_payment;
    IF v_payment.event_id IS NULL THEN
        RETURN;
    END IF;
    v_step := payment_step(v_payment.provider_state, v_payment.decision);
    PERFORM wake_saga('payment', p_payment, v_payment.event_id, v_step, CASE v_step
        -- A buyer needs some seconds to pay, and then the provider tells us.
        WHEN 'await' THEN interval '10 s'
        -- Who brought the news settles it at once; the worker comes if that did not work.
        WHEN 'settle' THEN interval '2 s'
        ELSE interval '0'
    END);
    IF v_step = 'done' THEN
        UPDATE sagas AS saga SET status = 'done', finished_at = now_utc()
        WHERE saga.id = 'payment:' || p_payment;
    END IF;
END
$body$;
-- Undoes a sale whose authorisation ended before its money was taken. Outcomes: withdrawn,
-- not_canceled (the provider does not say so), not_kept.
CREATE OR REPLACE FUNCTION boxoffice.withdraw_sale(p_payment text, OUT outcome text)
LANGUAGE plpgsql
SECURITY DEFINER
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
