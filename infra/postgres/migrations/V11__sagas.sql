-- Continuing what was begun: sagas, the cancellation of events, the outbox.

-- Takes sagas that are due, the longest due first. Each then rests for p_lease_ms, so that two
-- workers rarely meet; when they do, the revision tells who was first.
CREATE FUNCTION boxoffice.claim_due_sagas(p_limit bigint, p_lease_ms bigint)
RETURNS TABLE (
    id text, kind text, subject text, event_id text, step text, attempts bigint, revision bigint,
    age_ms bigint, payment text
)
LANGUAGE sql
SET search_path = boxoffice, pg_temp
AS $body$
    WITH due AS (
        SELECT s.id, s.due_at FROM sagas AS s
        WHERE s.status = 'running' AND s.due_at <= now()
        ORDER BY s.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ),
    taken AS (
        UPDATE sagas AS s SET due_at = now() + p_lease_ms * interval '1 ms',
            revision = s.revision + 1
        FROM due WHERE s.id = due.id
        RETURNING s.*, due.due_at AS was_due_at
    )
    SELECT taken.id, taken.kind, taken.subject, taken.event_id::text, taken.step, taken.attempts,
        taken.revision, unix_ms(now()) - unix_ms(taken.created_at),
        CASE taken.kind WHEN 'payment' THEN payment_document(taken.subject) END
    FROM taken ORDER BY taken.was_due_at, taken.id
$body$;

-- Notes how far a saga came: p_status running (due again after p_rest_ms), done or dead; p_error
-- when the step failed. noted is false when it has changed since p_revision.
CREATE FUNCTION boxoffice.note_saga(
    p_id text, p_revision bigint, p_step text, p_status text, p_rest_ms bigint, p_error text,
    OUT noted boolean
)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE sagas AS s SET
        step = p_step,
        status = p_status,
        attempts = CASE WHEN p_error IS NULL THEN 0 ELSE s.attempts + 1 END,
        revision = s.revision + 1,
        due_at = now() + p_rest_ms * interval '1 ms',
        last_error = p_error,
        updated_at = present(),
        finished_at = CASE WHEN p_status <> 'running' THEN present() END
    WHERE s.id = p_id AND s.revision = p_revision AND s.status = 'running';
    noted := FOUND;
END
$body$;

-- Sagas for operators, newest first, after the one at (p_before_ms, p_before) if given.
CREATE FUNCTION boxoffice.list_sagas(
    p_status text, p_limit bigint, p_before_ms bigint, p_before text
)
RETURNS TABLE (
    id text, kind text, subject text, event_id text, step text, status text, attempts bigint,
    due_at_ms bigint, last_error text, created_at_ms bigint, updated_at_ms bigint,
    finished_at_ms bigint
)
LANGUAGE sql STABLE
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT s.id, s.kind, s.subject, s.event_id::text, s.step, s.status, s.attempts,
        unix_ms(s.due_at), s.last_error, unix_ms(s.created_at), unix_ms(s.updated_at),
        unix_ms(s.finished_at)
    FROM sagas AS s
    WHERE s.status = p_status
        AND (s.created_at, s.id)
            < (coalesce(instant(p_before_ms), 'infinity'::timestamptz), coalesce(p_before, ''))
    ORDER BY s.created_at DESC, s.id DESC LIMIT p_limit
$body$;

-- Sets a saga that is not done going from its first attempt, now. No row when there is none.
CREATE FUNCTION boxoffice.retry_saga(p_id text)
RETURNS TABLE (
    id text, kind text, subject text, event_id text, step text, status text, attempts bigint,
    due_at_ms bigint, last_error text, created_at_ms bigint, updated_at_ms bigint,
    finished_at_ms bigint
)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE sagas AS s SET status = 'running', attempts = 0, revision = s.revision + 1,
        due_at = now(), updated_at = present(), finished_at = NULL
    WHERE s.id = p_id AND s.status <> 'done';
    RETURN QUERY SELECT s.id, s.kind, s.subject, s.event_id::text, s.step, s.status, s.attempts,
        unix_ms(s.due_at), s.last_error, unix_ms(s.created_at), unix_ms(s.updated_at),
        unix_ms(s.finished_at)
    FROM sagas AS s WHERE s.id = p_id;
END
$body$;

-- Cancels an event for good, after all sales that are being committed. Its bookings follow in
-- batches, by a saga.
CREATE OR REPLACE FUNCTION boxoffice.cancel_event(p_event uuid) RETURNS TABLE (document text)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    PERFORM pg_advisory_xact_lock(event_lock_key(p_event));
    UPDATE events AS e SET cancelled = true WHERE e.id = p_event AND NOT e.cancelled;
    IF FOUND THEN
        PERFORM wake_saga('event_cancellation', p_event::text, p_event, 'cancel', interval '0');
    END IF;
    RETURN QUERY SELECT event_document(e) FROM events AS e WHERE e.id = p_event;
END
$body$;

-- Cancels up to p_limit confirmed bookings of a cancelled event. Those in use are left for the next
-- batch. remaining: how many are left, counted to 1.
CREATE FUNCTION boxoffice.cancel_event_bookings(
    p_event uuid, p_limit bigint, OUT cancelled bigint, OUT remaining bigint
)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_booking bookings;
BEGIN
    cancelled := 0;
    FOR v_booking IN
        SELECT b.* FROM bookings AS b
        WHERE b.event_id = p_event AND b.state IN ('reserved', 'confirmed')
            AND b.state = 'confirmed'
            AND EXISTS (SELECT FROM events AS e WHERE e.id = p_event AND e.cancelled)
        ORDER BY b.id LIMIT p_limit FOR UPDATE SKIP LOCKED
    LOOP
        PERFORM withdraw_booking(v_booking, 'cancelled', 'event_cancelled');
        cancelled := cancelled + 1;
    END LOOP;
    SELECT count(*) INTO remaining FROM (
        SELECT FROM bookings AS b WHERE b.event_id = p_event AND b.state = 'confirmed' LIMIT 1
    ) AS one;
END
$body$;

-- Holds of an event that nobody has resolved, as far as the journal was drained.
CREATE FUNCTION boxoffice.event_holds(p_event uuid, p_limit bigint)
RETURNS TABLE (
    booking_id text, event_id text, user_id text, status text, section text, seats text,
    quantity bigint, amount bigint, currency text, expires_at_ms bigint, created_at_ms bigint
)
LANGUAGE sql STABLE
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT b.id, b.event_id::text, b.user_id::text, b.state, b.section,
        array_to_string(b.seats, ','), b.quantity, b.amount, b.currency::text,
        unix_ms(b.expires_at), unix_ms(b.created_at)
    FROM bookings AS b
    WHERE b.event_id = p_event AND b.state IN ('reserved', 'confirmed') AND b.state = 'reserved'
    ORDER BY b.id LIMIT p_limit
$body$;

-- Ends holds of a cancelled event. In the order of their ids, as the drain does; those that were
-- resolved meanwhile stay as they are.
CREATE FUNCTION boxoffice.end_event_holds(p_bookings text[], OUT ended bigint)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE bookings AS b SET state = 'released' WHERE b.id IN (
        SELECT held.id FROM bookings AS held
        WHERE held.id = ANY (p_bookings) AND held.state = 'reserved'
        ORDER BY held.id FOR UPDATE
    );
    GET DIAGNOSTICS ended = ROW_COUNT;
    -- Their open payments are cancelled at the provider.
    PERFORM open_payments_among(p_bookings);
END
$body$;

-- Takes messages of the outbox that are due, the longest due first, and lets each rest for
-- p_lease_ms.
CREATE FUNCTION boxoffice.claim_due_messages(p_limit bigint, p_lease_ms bigint)
RETURNS TABLE (id text, payload text, attempts bigint)
LANGUAGE sql
SET search_path = boxoffice, pg_temp
AS $body$
    WITH due AS (
        SELECT o.id, o.due_at FROM outbox AS o
        WHERE o.delivered_at IS NULL AND o.due_at <= now()
        ORDER BY o.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ),
    taken AS (
        UPDATE outbox AS o SET due_at = now() + p_lease_ms * interval '1 ms'
        FROM due WHERE o.id = due.id
        RETURNING o.*, due.due_at AS was_due_at
    )
    SELECT taken.id, taken.payload, taken.attempts
    FROM taken ORDER BY taken.was_due_at, taken.id
$body$;

-- Notes the outcome of a delivery: p_error is NULL when it arrived.
CREATE FUNCTION boxoffice.note_message(
    p_id text, p_error text, p_rest_ms bigint, OUT noted boolean
)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE outbox AS o SET
        attempts = o.attempts + 1,
        delivered_at = CASE WHEN p_error IS NULL THEN now() END,
        last_error = p_error,
        due_at = now() + p_rest_ms * interval '1 ms'
    WHERE o.id = p_id AND o.delivered_at IS NULL;
    noted := FOUND;
END
$body$;
