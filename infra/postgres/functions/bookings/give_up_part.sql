-- Gives up places of a confirmed booking: they are for sale again and their share of the price goes
-- back; the rest stays sold. p_seats: of a seated booking; p_quantity: of a standing one, NULL for
-- seats. Outcomes: given_up, already_given_up (all of p_seats were before), cancelled (it was the
-- whole booking), already_cancelled, not_confirmed, event_started (an owner came too late: the event
-- has begun, or somebody is in with what is given up), booking_missing; other_kind (seats of a
-- standing booking, or a quantity of a seated one), not_its_seats (one was never the booking's),
-- too_many.
--
-- The share is amount * places given up / places, rounded down to a multiple of p_multiple_of,
-- which is what the provider can refund. What is rounded off stays with the rest, so that all
-- shares and what is left are together what was paid.
CREATE OR REPLACE FUNCTION boxoffice.give_up_part(
    p_booking text, p_by_owner boolean, p_seats text[], p_quantity bigint, p_multiple_of bigint,
    OUT outcome text
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_booking bookings;
    v_seats text[];
    v_quantity bigint;
    v_share bigint;
    v_part bigint;
BEGIN
    -- Its sale may be storing it at this moment; and two parts come one after the other.
    PERFORM pg_advisory_xact_lock(booking_lock_key(p_booking));
    SELECT * INTO v_booking FROM bookings AS b WHERE b.id = p_booking FOR UPDATE;
    -- A scan that has begun is over now, and none begins until this is done.
    -- mutant: giving-up-does-not-see-a-scan-that-commits
    PERFORM FROM tickets AS t WHERE t.booking_id = p_booking FOR UPDATE;
    v_seats := ARRAY(
        SELECT seat FROM unnest(p_seats) AS seat
        WHERE seat = ANY (v_booking.seats) ORDER BY seat COLLATE "C"
    );
    v_quantity := coalesce(p_quantity, cardinality(v_seats));
    outcome := CASE
        WHEN v_booking.id IS NULL THEN 'booking_missing'
        WHEN (p_quantity IS NULL) = (cardinality(v_booking.seats) = 0) THEN 'other_kind'
        -- mutant: seats-of-others-are-given-up
        WHEN EXISTS (
            SELECT FROM unnest(p_seats) AS seat
            WHERE seat <> ALL (v_booking.seats) AND NOT EXISTS (
                SELECT FROM given_up_parts AS g
                WHERE g.booking_id = p_booking AND seat = ANY (g.seats)
            )
        ) THEN 'not_its_seats'
        WHEN v_booking.state IN ('cancelled', 'refunded') THEN 'already_cancelled'
        WHEN v_booking.state <> 'confirmed' THEN 'not_confirmed'
        -- mutant: more-is-given-up-than-there-is
        WHEN v_quantity > v_booking.quantity THEN 'too_many'
        -- mutant: a-part-is-given-up-twice
        WHEN v_quantity = 0 THEN 'already_given_up'
        -- mutant: parts-after-the-start
        WHEN p_by_owner AND EXISTS (
            SELECT FROM events AS e WHERE e.id = v_booking.event_id AND e.starts_at <= now()
        ) THEN 'event_started'
        -- Of standing places those go first with which nobody is in.
        -- mutant: used-tickets-are-given-up
        WHEN p_by_owner AND CASE
            WHEN p_quantity IS NULL THEN used_tickets(p_booking, p_seats) > 0
            ELSE used_tickets(p_booking, NULL) > v_booking.quantity - v_quantity
        END THEN 'event_started'
        WHEN v_quantity = v_booking.quantity THEN 'cancelled'
        ELSE 'given_up'
    END;
    IF outcome = 'cancelled' THEN
        PERFORM withdraw_booking(v_booking, 'cancelled', 'cancelled');
    END IF;
    IF outcome <> 'given_up' THEN
        RETURN;
    END IF;

    v_share := v_booking.amount * v_quantity / v_booking.quantity;
    -- mutant: shares-that-cannot-be-refunded
    v_share := v_share - v_share % p_multiple_of;
    UPDATE bookings AS b SET
        seats = ARRAY(
            SELECT seat FROM unnest(b.seats) WITH ORDINALITY AS sold (seat, n)
            WHERE seat <> ALL (v_seats) ORDER BY n
        ),
        quantity = b.quantity - v_quantity,
        -- mutant: the-rest-costs-the-whole
        amount = b.amount - v_share
    WHERE b.id = p_booking;
    PERFORM FROM payments AS p WHERE p.id = v_booking.payment_id FOR UPDATE;
    SELECT count(*) + 1 INTO v_part FROM given_up_parts AS g WHERE g.booking_id = p_booking;
    INSERT INTO given_up_parts (booking_id, part, seats, quantity, amount, payment_id)
    VALUES (p_booking, v_part, v_seats, v_quantity, v_share,
        -- mutant: shares-are-kept
        CASE WHEN v_share > 0 THEN v_booking.payment_id END);
    DELETE FROM tickets AS t WHERE t.booking_id = p_booking AND t.seat IN (
        SELECT sold.seat FROM tickets AS sold
        WHERE sold.booking_id = p_booking
            -- mutant: other-seats-go-than-were-named
            AND (p_quantity IS NOT NULL OR sold.seat = ANY (v_seats))
        -- Of standing places those that nobody has used, and of those the highest numbers.
        -- mutant: a-used-ticket-goes-before-an-unused-one
        ORDER BY EXISTS (SELECT FROM admissions AS a WHERE a.ticket_id = sold.ticket_id),
            length(sold.seat) DESC, sold.seat DESC
        LIMIT v_quantity
    );
    UPDATE sections AS s SET standing_sold = s.standing_sold - v_quantity
    WHERE s.event_id = v_booking.event_id AND s.name = v_booking.section AND s.kind = 'standing';
    IF v_share > 0 AND v_booking.payment_id IS NOT NULL THEN
        PERFORM wake_payment(v_booking.payment_id);
    END IF;
    PERFORM wake_saga('cancellation', p_booking, v_booking.event_id, 'free', interval '0');
    PERFORM announce_part(p_booking, v_part, 'part_cancelled');
END
$body$;
