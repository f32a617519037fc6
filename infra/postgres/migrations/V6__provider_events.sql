-- Events of the payment provider, kept before they are answered and worked on until finished.

CREATE TABLE boxoffice.provider_events (
    -- The provider's id: the same event any number of times is one row.
    id text COLLATE "C" PRIMARY KEY,
    kind text NOT NULL,
    -- The booking it names; not checked here, because it may name one of another system.
    booking_id text COLLATE "C",
    -- In minor units of currency.
    amount bigint NOT NULL,
    currency text NOT NULL,
    livemode boolean NOT NULL,
    -- The body as it came. Text and not jsonb, which refuses the escape \u0000.
    payload text NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done')),
    -- What came of it, for people who look into the ledger.
    outcome text,
    attempts bigint NOT NULL DEFAULT 0,
    received_at timestamptz NOT NULL DEFAULT now(),
    -- Not before: the request that brought the event works on it first, and ends within 5 s.
    due_at timestamptz NOT NULL DEFAULT now() + interval '5 s',
    finished_at timestamptz,
    CONSTRAINT provider_events_finished CHECK (
        (state = 'done') = (finished_at IS NOT NULL AND outcome IS NOT NULL)
    )
);

-- What is still to do; nearly always empty.
CREATE INDEX provider_events_pending ON boxoffice.provider_events (due_at)
    WHERE state = 'pending';

-- Keeps an event. state: new, or pending or done when it was kept before.
CREATE FUNCTION boxoffice.record_provider_event(
    p_id text, p_kind text, p_booking text, p_amount bigint, p_currency text, p_livemode boolean,
    p_payload text, OUT state text
)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    INSERT INTO provider_events (id, kind, booking_id, amount, currency, livemode, payload)
    VALUES (p_id, p_kind, p_booking, p_amount, upper(p_currency), p_livemode, p_payload)
    ON CONFLICT (id) DO NOTHING;
    IF FOUND THEN
        state := 'new';
    ELSE
        SELECT kept.state INTO STRICT record_provider_event.state
        FROM provider_events AS kept WHERE kept.id = p_id;
    END IF;
END
$body$;

-- Notes that an event has had its effect; the first outcome stays.
CREATE FUNCTION boxoffice.finish_provider_event(p_id text, p_outcome text, OUT finished boolean)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE provider_events AS kept
    SET state = 'done', outcome = p_outcome, finished_at = now()
    WHERE kept.id = p_id AND kept.state = 'pending';
    finished := FOUND;
END
$body$;

-- Brings back events that are due, oldest first, and lets each rest twice as long as before:
-- 10 s, 20 s, 40 s, … 10 minutes. Rows of another worker are skipped.
CREATE FUNCTION boxoffice.pending_provider_events(p_limit bigint)
RETURNS TABLE (
    id text, kind text, booking_id text, amount bigint, currency text, livemode boolean,
    payload text, attempts bigint
)
LANGUAGE sql
SET search_path = boxoffice, pg_temp
AS $body$
    WITH due AS (
        SELECT pending.id FROM provider_events AS pending
        WHERE pending.state = 'pending' AND pending.due_at <= now()
        ORDER BY pending.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ),
    taken AS (
        UPDATE provider_events AS kept SET
            attempts = kept.attempts + 1,
            -- 2^7 * 5 s is past 10 minutes; the bound on the exponent keeps it a number.
            due_at = now()
                + least(interval '5 s' * (2 ^ least(kept.attempts + 1, 7)), interval '10 min')
        FROM due WHERE kept.id = due.id
        RETURNING kept.*
    )
    SELECT taken.id, taken.kind, taken.booking_id, taken.amount, taken.currency, taken.livemode,
        taken.payload, taken.attempts
    FROM taken ORDER BY taken.received_at, taken.id
$body$;
