-- Bookings and tickets: where a seat is sold, once.

CREATE TABLE boxoffice.bookings (
    id text COLLATE "C" PRIMARY KEY,
    -- No foreign keys to events or sections: each check would lock, and so write, the same row
    -- for every booking of an event. The functions look the event up, and events are never deleted.
    event_id uuid NOT NULL,
    user_id uuid NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (
        state IN ('reserved', 'expired', 'released', 'confirmed', 'refunded', 'cancelled')
    ),
    section text COLLATE "C" NOT NULL,
    -- Seat labels (A-1-12) in byte order; empty for a standing section.
    seats text[] COLLATE "C" NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    -- In minor units of currency.
    amount bigint NOT NULL CHECK (amount >= 0),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- By the clock of Redis, where the hold was made.
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    -- By the clock of the ledger.
    confirmed_at timestamptz,
    -- The provider event that paid; NULL when nothing was to be paid, or the organiser confirmed.
    provider_event_id text,
    CONSTRAINT bookings_quantity_is_seats CHECK (
        cardinality(seats) = 0 OR cardinality(seats) = quantity
    ),
    CONSTRAINT bookings_confirmed_at CHECK (
        confirmed_at IS NOT NULL OR state IN ('reserved', 'expired', 'released', 'cancelled')
    )
);

-- A buyer's bookings, newest first.
CREATE INDEX bookings_by_user ON boxoffice.bookings (user_id, created_at DESC, id DESC);
-- What the sweeper looks for; nearly empty, because holds end within minutes.
CREATE INDEX bookings_reserved_by_expiry ON boxoffice.bookings (expires_at)
    WHERE state = 'reserved';

-- One row for each sold place. The primary key is what "sold" means: whatever Redis lost or says
-- twice, a seat of an event has one booking.
CREATE TABLE boxoffice.tickets (
    event_id uuid NOT NULL,
    -- A-1-12 for a seat. <section>-<booking>-<n> for a standing place, which nobody else can want:
    -- there the section's counter decides.
    seat text COLLATE "C" NOT NULL,
    booking_id text COLLATE "C" NOT NULL REFERENCES boxoffice.bookings (id),
    section text COLLATE "C" NOT NULL,
    sold_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, seat)
);

CREATE INDEX tickets_by_booking ON boxoffice.tickets (booking_id);

-- The order of states: a booking moves to a higher one or stays. Expired is below released,
-- because the sweeper may call a booking expired whose release is still on its way.
CREATE FUNCTION boxoffice.state_rank(state text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE state
    WHEN 'reserved' THEN 1
    WHEN 'expired' THEN 2
    WHEN 'released' THEN 3
    WHEN 'confirmed' THEN 4
    WHEN 'cancelled' THEN 5
    WHEN 'refunded' THEN 6
END;

-- Writes journal entries, given as arrays of equal length, as bookings. applied counts bookings
-- that were new or moved on; ignored counts entries that no booking can be made of, or whose event
-- is unknown. The outcome is the same for any order, any repetition and any number of workers:
-- per booking the highest state and the latest expiry win.
CREATE FUNCTION boxoffice.drain_journal(
    p_kinds text[], p_bookings text[], p_events text[], p_users text[], p_sections text[],
    p_seats text[], p_quantities bigint[], p_amounts bigint[], p_currencies text[],
    p_created_at_ms bigint[], p_expires_at_ms bigint[],
    OUT applied bigint, OUT ignored bigint
)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_usable bigint;
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
        SELECT DISTINCT ON (booking COLLATE "C") *, max(expires_at) OVER (PARTITION BY booking) AS last_expiry
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
    SELECT (SELECT count(*) FROM written), (SELECT count(*) FROM usable) INTO applied, v_usable;
    ignored := cardinality(p_kinds) - v_usable;
END
$body$;

-- Whether a section has the places that a booking wants: each seat written in its one way, inside
-- of the section, no seat twice. A second spelling (A-01-1) would be a second key of one seat.
CREATE FUNCTION boxoffice.seats_exist(section boxoffice.sections, seats text[], quantity bigint)
RETURNS boolean
LANGUAGE sql IMMUTABLE
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

CREATE FUNCTION boxoffice.find_booking(p_booking text)
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
    FROM bookings AS b WHERE b.id = p_booking
$body$;

-- A buyer's bookings, newest first, after the one at (p_before_ms, p_before) if given.
CREATE FUNCTION boxoffice.list_bookings(
    p_user uuid, p_limit bigint, p_before_ms bigint, p_before text
)
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
    WHERE b.user_id = p_user
        -- Without a cursor, before the end of time: one plan for both, on one index range.
        AND (b.created_at, b.id)
            < (coalesce(instant(p_before_ms), 'infinity'::timestamptz), coalesce(p_before, ''))
    ORDER BY b.created_at DESC, b.id DESC LIMIT p_limit
$body$;

CREATE FUNCTION boxoffice.confirmed_among(p_bookings text[]) RETURNS TABLE (booking_id text)
LANGUAGE sql STABLE
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT b.id FROM bookings AS b WHERE b.id = ANY (p_bookings) AND b.state = 'confirmed'
$body$;

-- Expires bookings whose end never reached the journal. 120 s cover the grace of a payment under
-- way and a slow drain. Rows in use are left for the next sweep, so a sweep waits for nobody.
CREATE FUNCTION boxoffice.expire_stale_bookings(p_limit bigint, OUT expired bigint)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE bookings AS b SET state = 'expired' WHERE b.id IN (
        SELECT stale.id FROM bookings AS stale
        WHERE stale.state = 'reserved' AND stale.expires_at < now() - interval '120 s'
        ORDER BY stale.expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    );
    GET DIAGNOSTICS expired = ROW_COUNT;
END
$body$;

-- What Redis must know to sell an event, as of one moment: the event, and what is sold of each
-- section. Zero rows when there is no such event.
CREATE FUNCTION boxoffice.event_to_open(p_event uuid) RETURNS TABLE (document text, sold text)
LANGUAGE sql STABLE
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT event_document(event), coalesce((
        SELECT json_agg(json_build_object(
            'section', section.name,
            'standing_sold', section.standing_sold,
            'seats', coalesce((
                SELECT json_agg(ticket.seat) FROM tickets AS ticket
                WHERE section.kind = 'seated'
                    AND ticket.event_id = section.event_id AND ticket.section = section.name
            ), '[]'::json)
        ) ORDER BY section.place)
        FROM sections AS section WHERE section.event_id = event.id
    ), '[]'::json)::text
    FROM events AS event WHERE event.id = p_event
$body$;
