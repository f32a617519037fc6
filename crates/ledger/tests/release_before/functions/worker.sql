-- Writes down what is to be told about a booking, as it is now.
CREATE OR REPLACE FUNCTION boxoffice.announce(p_booking text, p_word text) RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    INSERT INTO outbox (id, kind, booking_id, event_id, payload)
    SELECT format('msg_%s_%s', p_word, b.id), 'booking.' || p_word, b.id, b.event_id,
        json_build_object(
            'type', 'booking.' || p_word,
            'timestamp', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            'data', json_build_object(
                'booking_id', b.id, 'event_id', b.event_id, 'user_id', b.user_id,
                'status', b.state, 'section', b.section, 'seats', b.seats,
                'quantity', b.quantity, 'amount', b.amount, 'currency', b.currency
            )
        )::text
    FROM bookings AS b WHERE b.id = p_booking
    ON CONFLICT (id) DO NOTHING
$body$;
-- Takes messages of the outbox that are due, the longest due first, and lets each rest for
-- p_lease_ms.
CREATE OR REPLACE FUNCTION boxoffice.claim_due_messages(p_limit bigint, p_lease_ms bigint)
RETURNS TABLE (id text, payload text, attempts bigint)
LANGUAGE sql
SECURITY DEFINER
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
-- Takes sagas that are due, the longest due first. Each then rests for p_lease_ms, so that two
-- workers rarely meet; when they do, the revision tells who was first.
CREATE OR REPLACE FUNCTION boxoffice.claim_due_sagas(p_limit bigint, p_lease_ms bigint)
RETURNS TABLE (
    id text, kind text, subject text, event_id text, step text, attempts bigint, revision bigint,
    age_ms bigint, payment text
)
LANGUAGE sql
SECURITY DEFINER
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
-- The events that a run of the worker serves. Those on sale come first, or soon on sale; among
-- equals the order is another one each time: where there are more than a run can serve, or those of
-- a dead part of Redis take its time, each still has its turn.
CREATE OR REPLACE FUNCTION boxoffice.events_to_serve(p_limit bigint) RETURNS TABLE (event_id text)
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT event.id::text FROM events AS event
    WHERE NOT event.cancelled AND event.ends_at > now() - interval '1 hour'
    ORDER BY event.on_sale_at > now() + interval '1 minute', random() LIMIT p_limit;
$body$;
-- Sagas for operators, newest first, after the one at (p_before_ms, p_before) if given.
CREATE OR REPLACE FUNCTION boxoffice.list_sagas(
    p_status text, p_limit bigint, p_before_ms bigint, p_before text
)
RETURNS SETOF boxoffice.saga_row
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT saga_row_of(s)
    FROM sagas AS s
    WHERE s.status = p_status
        AND (s.created_at, s.id)
            < (coalesce(instant(p_before_ms), 'infinity'::timestamptz), coalesce(p_before, ''))
    ORDER BY s.created_at DESC, s.id DESC LIMIT p_limit
$body$;
-- Notes the outcome of a delivery: p_error is NULL when it arrived.
CREATE OR REPLACE FUNCTION boxoffice.note_message(
    p_id text, p_error text, p_rest_ms bigint, OUT noted boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
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
-- Notes how far a saga came: p_status running (due again after p_rest_ms), done or dead; p_error
-- when the step failed. noted is false when it has changed since p_revision.
CREATE OR REPLACE FUNCTION boxoffice.note_saga(
    p_id text, p_revision bigint, p_step text, p_status text, p_rest_ms bigint, p_error text,
    OUT noted boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
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
        updated_at = now_utc(),
        finished_at = CASE WHEN p_status <> 'running' THEN now_utc() END
    WHERE s.id = p_id AND s.revision = p_revision AND s.status = 'running';
    noted := FOUND;
END
$body$;
-- What is still to do, in numbers: for metrics. Every number is read from an index that only holds
-- what is open, so it stays cheap however much was sold.
CREATE OR REPLACE FUNCTION boxoffice.open_work()
RETURNS TABLE (kind text, subject text, total bigint, oldest_s bigint)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT 'saga_' || s.status, s.kind, count(*),
        greatest(0, extract(epoch FROM now() - min(s.created_at)))::bigint
    FROM sagas AS s WHERE s.status IN ('running', 'dead') GROUP BY s.status, s.kind
    UNION ALL
    SELECT 'outbox', o.kind, count(*),
        greatest(0, extract(epoch FROM now() - min(o.created_at)))::bigint
    FROM outbox AS o WHERE o.delivered_at IS NULL GROUP BY o.kind
$body$;
-- Sets a saga that is not done going from its first attempt, now. No row when there is none.
CREATE OR REPLACE FUNCTION boxoffice.retry_saga(p_id text)
RETURNS SETOF boxoffice.saga_row
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE sagas AS s SET status = 'running', attempts = 0, revision = s.revision + 1,
        due_at = now(), updated_at = now_utc(), finished_at = NULL
    WHERE s.id = p_id AND s.status <> 'done';
    RETURN QUERY SELECT (saga_row_of(s)).*
    FROM sagas AS s WHERE s.id = p_id;
END
$body$;
-- A saga as the ledger crate reads it.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.saga_row_of(saga boxoffice.sagas) RETURNS boxoffice.saga_row
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW(
    saga.id, saga.kind, saga.subject, saga.event_id::text, saga.step, saga.status, saga.attempts,
    boxoffice.unix_ms(saga.due_at), saga.last_error, boxoffice.unix_ms(saga.created_at),
    boxoffice.unix_ms(saga.updated_at)
)::boxoffice.saga_row;
-- Sets a saga going, or going again, from its first attempt.
CREATE OR REPLACE FUNCTION boxoffice.wake_saga(
    p_kind text, p_subject text, p_event uuid, p_step text, p_rest interval
) RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    INSERT INTO sagas AS known (id, kind, subject, event_id, step, due_at)
    VALUES (p_kind || ':' || p_subject, p_kind, p_subject, p_event, p_step, now() + p_rest)
    ON CONFLICT (id) DO UPDATE SET
        step = excluded.step, status = 'running', attempts = 0, revision = known.revision + 1,
        due_at = excluded.due_at, last_error = NULL, updated_at = now_utc(), finished_at = NULL
$body$;
