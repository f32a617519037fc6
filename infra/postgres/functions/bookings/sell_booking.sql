-- Sells all places of a booking, or none. The only function that writes tickets or counts standing
-- places up. Outcomes: confirmed, already_confirmed (by this payment, or without one), already_paid
-- (by something else), already_released, seat_sold, sold_out, cancelled, event_ended (too late for
-- a payment), refunded (the payment was, and so is the booking now), event_missing, invalid_seats,
-- booking_differs, payment_differs, payment_given_back (decided before), not_paid (the provider has
-- no money of it), and those of sale_refusal.
CREATE OR REPLACE FUNCTION boxoffice.sell_booking(
    p_booking text, p_event uuid, p_user uuid, p_section text, p_seats text[], p_quantity bigint,
    p_amount bigint, p_currency text, p_created_at_ms bigint, p_expires_at_ms bigint,
    p_payment text, p_by_organiser boolean, OUT outcome text
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
        -- mutant: a-second-payment-is-the-first
        WHEN v_booking.state = 'confirmed' AND p_payment <> coalesce(v_booking.payment_id, '')
            THEN 'already_paid'
        WHEN v_booking.state = 'confirmed' THEN 'already_confirmed'
        WHEN v_booking.state = 'released' THEN 'already_released'
        WHEN v_booking.state IN ('cancelled', 'refunded') OR v_sale.cancelled THEN 'cancelled'
        -- The organiser sells as long as they like; nobody's money is taken for what is over.
        -- mutant: payments-after-the-end
        WHEN p_payment IS NOT NULL AND v_sale.ended THEN 'event_ended'
        -- mutant: given-back-and-sold
        WHEN v_payment.decision IS NOT NULL THEN 'payment_given_back'
        -- mutant: unpaid-payments-buy
        WHEN v_payment.provider_state NOT IN ('authorised', 'captured', 'refunded')
            THEN 'not_paid'
        WHEN v_payment.contradicted
            -- mutant: any-amount-pays
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
    IF outcome = 'cancelled' AND booking_state(v_booking) = 'reserved' THEN
        -- The hold ends with its event, before the saga comes.
        UPDATE bookings AS b SET state = 'released' WHERE b.id = p_booking;
    END IF;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;

    outcome := sale_refusal(v_booking, p_by_organiser);
    IF outcome IS NOT NULL THEN
        NULL;
    ELSIF (v_sale.section).kind = 'standing' THEN
        UPDATE sections AS s SET standing_sold = s.standing_sold + p_quantity
        WHERE s.event_id = p_event AND s.name = p_section
            -- mutant: no-count-of-standing-places
            AND s.standing_sold + p_quantity <= s.capacity;
        IF FOUND THEN
            INSERT INTO tickets (event_id, seat, booking_id, section, price)
            SELECT p_event, format('%s-%s-%s', p_section, p_booking, n), p_booking, p_section,
                p_amount / p_quantity
            FROM generate_series(1, p_quantity) AS n;
        ELSE
            outcome := 'sold_out';
        END IF;
    ELSE
        -- The block is undone as a whole when one seat of it is taken.
        BEGIN
            INSERT INTO tickets (event_id, seat, booking_id, section, price)
            SELECT p_event, seat, p_booking, p_section, p_amount / p_quantity
            FROM unnest(v_booking.seats) WITH ORDINALITY AS wanted (seat, n) ORDER BY n;
        EXCEPTION WHEN unique_violation THEN
            outcome := 'seat_sold';
        END;
    END IF;

    IF outcome IS NULL THEN
        outcome := 'confirmed';
        UPDATE bookings AS b SET state = 'confirmed', confirmed_at = now_utc(),
            payment_id = p_payment, sold_by_organiser = p_by_organiser
        WHERE b.id = p_booking;
        UPDATE payments AS p SET decision = 'keep', decided_at = now_utc(),
            updated_at = now_utc()
        WHERE p.id = p_payment;
        IF p_payment IS NOT NULL THEN
            PERFORM wake_payment(p_payment);
        END IF;
        PERFORM announce(p_booking, 'confirmed');
    ELSE
        -- It cannot be sold: the hold is over, and its owner is told so.
        UPDATE bookings AS b SET state = 'expired'
        WHERE b.id = p_booking AND b.state = 'reserved';
    END IF;
END
$body$;
