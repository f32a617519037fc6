-- Writes journal entries, given as arrays of equal length, as bookings. applied counts bookings
-- that were new or moved on. Entries that no booking can be made of, or whose event is unknown, are
-- dropped. The outcome is the same for any order, any repetition and any number of workers: per
-- booking the highest state and the latest expiry win, and one that was extended stays so. A contact
-- that is known stays.
CREATE OR REPLACE FUNCTION boxoffice.drain_journal(
    p_kinds text[], p_bookings text[], p_events text[], p_users text[], p_sections text[],
    p_seats text[], p_quantities bigint[], p_amounts bigint[], p_currencies text[],
    p_created_at_ms bigint[], p_expires_at_ms bigint[], p_contacts text[],
    OUT applied bigint
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    WITH entries AS (
        SELECT CASE e.kind WHEN 'extended' THEN 'reserved' ELSE e.kind END AS kind,
            e.kind = 'extended' AS extended, e.booking, e.event::uuid AS event_id, e.user_id::uuid AS user_id,
            e.section, string_to_array(e.seats, ',') AS seats, e.quantity, e.amount, e.currency,
            instant(e.created_at_ms) AS created_at, instant(e.expires_at_ms) AS expires_at,
            nullif(e.contact, '')::jsonb AS contact
        FROM unnest(p_kinds, p_bookings, p_events, p_users, p_sections, p_seats, p_quantities,
            p_amounts, p_currencies, p_created_at_ms, p_expires_at_ms, p_contacts
        ) AS e (kind, booking, event, user_id, section, seats, quantity, amount, currency,
            created_at_ms, expires_at_ms, contact)
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
            max(expires_at) OVER (PARTITION BY booking) AS last_expiry,
            bool_or(extended) OVER (PARTITION BY booking) AS was_extended
        FROM usable
        ORDER BY booking COLLATE "C", state_rank(kind) DESC
    ),
    written AS (
        INSERT INTO bookings AS b (
            id, event_id, user_id, state, section, seats, quantity, amount, currency, created_at,
            expires_at, extended, email, name, locale
        )
        SELECT booking, event_id, user_id, kind, section, seats, quantity, amount, currency,
            created_at, last_expiry, was_extended, contact ->> 'email', contact ->> 'name',
            contact ->> 'locale'
        FROM latest ORDER BY booking COLLATE "C"
        ON CONFLICT (id) DO UPDATE SET
            state = CASE
                -- mutant: journal-may-lower-a-state
                WHEN state_rank(excluded.state) > state_rank(b.state) THEN excluded.state
                ELSE b.state
            END,
            expires_at = greatest(excluded.expires_at, b.expires_at),
            -- mutant: an-extension-is-forgotten
            extended = b.extended OR excluded.extended,
            email = coalesce(b.email, excluded.email),
            name = coalesce(b.name, excluded.name),
            locale = coalesce(b.locale, excluded.locale)
        WHERE state_rank(excluded.state) > state_rank(b.state)
            OR state_rank(b.state) < state_rank('confirmed') AND excluded.expires_at > b.expires_at
            OR excluded.extended AND NOT b.extended
            -- A step that the journal was too slow for has stored it without, or with a part.
            OR b.email IS NULL AND excluded.email IS NOT NULL
            OR b.name IS NULL AND excluded.name IS NOT NULL
            OR b.locale IS NULL AND excluded.locale IS NOT NULL
        RETURNING 1
    )
    SELECT count(*) FROM written INTO applied;
    -- The journal may be what tells where the buyer of a sale is written to.
    PERFORM write_letter('msg_confirmed_' || b.id) FROM bookings AS b
    WHERE b.id = ANY (p_bookings) AND b.state = 'confirmed' AND b.email IS NOT NULL;
END
$body$;
