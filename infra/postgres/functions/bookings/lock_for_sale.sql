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
    -- mutant: sales-of-cancelled-events
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
    differs := (booking.event_id, booking.user_id, booking.section, booking.currency::text)
            IS DISTINCT FROM (p_event, p_user, p_section, p_currency)
        OR (booking.seats, booking.quantity, booking.amount)
            IS DISTINCT FROM (v_seats, p_quantity, p_amount)
        -- What is left of a sale is less than its hold was.
        -- mutant: a-sale-that-gave-up-a-part-is-another
        AND NOT EXISTS (SELECT FROM given_up_parts AS g WHERE g.booking_id = p_booking);
END
$body$;
