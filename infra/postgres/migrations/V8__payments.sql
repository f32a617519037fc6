-- Payments, refunds, sagas and the outbox: what is known, what is decided, what is still to do.
--
-- Locks are taken in one order everywhere: the event (shared), the booking, its payment, then
-- tickets or the section, the saga, the outbox.

CREATE TABLE boxoffice.payments (
    -- The provider's id of the payment intent.
    id text COLLATE "C" PRIMARY KEY,
    -- The booking it pays for, once for ever. NULL while only a refund is known, which names none.
    booking_id text COLLATE "C",
    event_id uuid,
    -- What was asked for, in minor units of currency, as we first heard of it.
    amount bigint NOT NULL CHECK (amount >= 0),
    -- ISO 4217, upper case, as the provider writes it; '' when it named none.
    currency text NOT NULL,
    livemode boolean NOT NULL,
    provider_state text COLLATE "C" NOT NULL DEFAULT 'created' CHECK (provider_state IN (
        'created', 'processing', 'failed', 'authorised', 'canceled', 'captured', 'refunded'
    )),
    -- An event told of another amount or currency than asked for, or only a part of it moved.
    contradicted boolean NOT NULL DEFAULT false,
    decision text COLLATE "C" CHECK (decision IN ('keep', 'give_back')),
    -- Why it is given back, for people who look into the ledger.
    reason text,
    decided_at timestamptz,
    amount_refunded bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT boxoffice.present(),
    updated_at timestamptz NOT NULL DEFAULT boxoffice.present(),
    CONSTRAINT payments_booking_of_event CHECK ((booking_id IS NULL) = (event_id IS NULL)),
    CONSTRAINT payments_decided CHECK ((decision IS NULL) = (decided_at IS NULL)),
    CONSTRAINT payments_reason CHECK (reason IS NULL OR decision = 'give_back'),
    -- Only money that is there, for a booking, of the right amount, is kept.
    CONSTRAINT payments_kept CHECK (
        decision IS DISTINCT FROM 'keep'
        OR booking_id IS NOT NULL AND NOT contradicted
            AND provider_state IN ('authorised', 'canceled', 'captured')
    ),
    CONSTRAINT payments_refund_within_amount CHECK (amount_refunded BETWEEN 0 AND amount),
    CONSTRAINT payments_refunded_whole CHECK (
        provider_state <> 'refunded' OR amount_refunded = amount
    )
);

CREATE INDEX payments_by_booking ON boxoffice.payments (booking_id);
-- A booking is paid once: the last word, whatever a function does.
CREATE UNIQUE INDEX payments_one_kept ON boxoffice.payments (booking_id)
    WHERE decision = 'keep';

-- The intention to refund, written before the provider is asked. The primary key is the promise
-- that a payment is refunded once.
CREATE TABLE boxoffice.refunds (
    payment_id text COLLATE "C" PRIMARY KEY REFERENCES boxoffice.payments (id),
    amount bigint NOT NULL CHECK (amount >= 0),
    -- The provider's id; NULL until it has answered, or when it said that it had been done before.
    refund_id text UNIQUE,
    requested_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz
);

-- Something that is continued until it is done, by whoever comes: one row each.
CREATE TABLE boxoffice.sagas (
    id text COLLATE "C" PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('payment', 'cancellation', 'event_cancellation')),
    -- The payment, the booking or the event.
    subject text NOT NULL,
    event_id uuid NOT NULL,
    step text NOT NULL,
    status text COLLATE "C" NOT NULL DEFAULT 'running'
        CHECK (status IN ('running', 'done', 'dead')),
    -- Attempts of this step that failed, one after the other.
    attempts bigint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    -- Grows with each change: who worked on an older one changes nothing.
    revision bigint NOT NULL DEFAULT 1,
    due_at timestamptz NOT NULL,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT boxoffice.present(),
    updated_at timestamptz NOT NULL DEFAULT boxoffice.present(),
    finished_at timestamptz,
    CONSTRAINT sagas_id CHECK (id = kind || ':' || subject),
    CONSTRAINT sagas_finished CHECK ((status = 'running') = (finished_at IS NULL))
);

-- What the worker takes; small, because a saga ends within seconds, or waits for a buyer.
CREATE INDEX sagas_due ON boxoffice.sagas (due_at) WHERE status = 'running';
-- What operators list, newest first.
CREATE INDEX sagas_by_status ON boxoffice.sagas (status, created_at DESC, id DESC);

-- What is to be told to others. Written with the change it tells of, so none is told of a change
-- that did not happen, and none is forgotten.
CREATE TABLE boxoffice.outbox (
    -- 'msg_<kind>_<booking>': a booking is confirmed, cancelled and refunded once each.
    id text COLLATE "C" PRIMARY KEY,
    kind text NOT NULL
        CHECK (kind IN ('booking.confirmed', 'booking.cancelled', 'booking.refunded')),
    booking_id text COLLATE "C" NOT NULL,
    event_id uuid NOT NULL,
    payload text NOT NULL,
    due_at timestamptz NOT NULL DEFAULT now(),
    attempts bigint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    created_at timestamptz NOT NULL DEFAULT boxoffice.present(),
    delivered_at timestamptz,
    last_error text
);

CREATE INDEX outbox_undelivered ON boxoffice.outbox (due_at) WHERE delivered_at IS NULL;

-- A booking names the payment that confirmed it. A payment confirms one booking.
ALTER TABLE boxoffice.bookings
    DROP COLUMN provider_event_id,
    ADD COLUMN payment_id text COLLATE "C" UNIQUE REFERENCES boxoffice.payments (id),
    -- A payment may be refunded before we hear that it was made.
    DROP CONSTRAINT bookings_confirmed_at,
    ADD CONSTRAINT bookings_confirmed_at CHECK (confirmed_at IS NOT NULL OR state <> 'confirmed');

-- What the cancellation of an event looks for: nearly empty for a live event's holds.
CREATE INDEX bookings_open_by_event ON boxoffice.bookings (event_id, id)
    WHERE state IN ('reserved', 'confirmed');

-- The order of what the provider says: a payment moves to a higher state or stays.
CREATE FUNCTION boxoffice.payment_rank(state text) RETURNS bigint
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
CREATE FUNCTION boxoffice.payment_step(state text, decision text) RETURNS text
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

-- A payment as the ledger crate reads it, with what its next step depends on.
CREATE FUNCTION boxoffice.payment_document(p_payment text) RETURNS text
LANGUAGE sql STABLE
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

-- Sets a saga going, or going again, from its first attempt.
CREATE FUNCTION boxoffice.wake_saga(
    p_kind text, p_subject text, p_event uuid, p_step text, p_rest interval
) RETURNS void
LANGUAGE sql
SET search_path = boxoffice, pg_temp
AS $body$
    INSERT INTO sagas AS known (id, kind, subject, event_id, step, due_at)
    VALUES (p_kind || ':' || p_subject, p_kind, p_subject, p_event, p_step, now() + p_rest)
    ON CONFLICT (id) DO UPDATE SET
        step = excluded.step, status = 'running', attempts = 0, revision = known.revision + 1,
        due_at = excluded.due_at, last_error = NULL, updated_at = present(), finished_at = NULL
$body$;

-- Brings the saga of a payment in line with the payment: whenever one of its two facts changes.
CREATE FUNCTION boxoffice.wake_payment(p_payment text) RETURNS void
LANGUAGE plpgsql
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
        UPDATE sagas AS saga SET status = 'done', finished_at = present()
        WHERE saga.id = 'payment:' || p_payment;
    END IF;
END
$body$;

-- Decides to give a payment back, unless something is decided. decided tells whether by this call.
CREATE FUNCTION boxoffice.decide_give_back(p_payment text, p_reason text, OUT decided boolean)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE payments AS p SET decision = 'give_back', reason = p_reason, decided_at = present(),
        updated_at = present()
    WHERE p.id = p_payment AND p.decision IS NULL;
    decided := FOUND;
    IF decided THEN
        PERFORM wake_payment(p_payment);
    END IF;
END
$body$;

-- Writes down what is to be told about a booking, as it is now.
CREATE FUNCTION boxoffice.announce(p_booking text, p_word text) RETURNS void
LANGUAGE sql
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

-- Undoes a sale: its places are for sale again, its payment is given back, Redis is told by a saga.
-- p_state: cancelled, or refunded when the money has gone back already. The caller has locked the
-- booking and found it confirmed.
CREATE FUNCTION boxoffice.withdraw_booking(
    p_booking boxoffice.bookings, p_state text, p_reason text
) RETURNS void
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE bookings AS b SET state = p_state WHERE b.id = p_booking.id;
    UPDATE payments AS p SET decision = 'give_back', reason = p_reason, updated_at = present()
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
