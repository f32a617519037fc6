-- Gives a hold back for good, where Redis cannot decide: a confirmation of it is under way or has
-- failed, or Redis has lost it. Outcomes: released, already_released, already_confirmed,
-- booking_expired, cancelled, booking_differs, payment_under_way (paid, and being settled).
CREATE OR REPLACE FUNCTION boxoffice.release_booking(
    p_booking text, p_event uuid, p_user uuid, p_section text, p_seats text[], p_quantity bigint,
    p_amount bigint, p_currency text, p_created_at_ms bigint, p_expires_at_ms bigint,
    OUT outcome text
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_seats text[] := ARRAY(SELECT seat FROM unnest(p_seats) AS seat ORDER BY seat COLLATE "C");
    v_booking bookings;
BEGIN
    v_booking := lock_booking(p_booking, p_event, p_user, p_section, v_seats, p_quantity,
        p_amount, p_currency, p_created_at_ms, p_expires_at_ms);
    outcome := CASE
        WHEN v_booking.user_id <> p_user THEN 'booking_differs'
        WHEN v_booking.state = 'confirmed' THEN 'already_confirmed'
        WHEN v_booking.state = 'released' THEN 'already_released'
        WHEN v_booking.state IN ('cancelled', 'refunded') THEN 'cancelled'
        WHEN booking_state(v_booking) = 'expired' THEN 'booking_expired'
        WHEN EXISTS (
            SELECT FROM payments AS p WHERE p.booking_id = p_booking AND p.decision IS NULL
                -- mutant: released-while-it-is-paid
                AND p.provider_state IN ('authorised', 'captured')
        ) THEN 'payment_under_way'
        ELSE 'released'
    END;
    IF outcome = 'released' THEN
        UPDATE bookings AS b SET state = 'released' WHERE b.id = p_booking;
    END IF;
END
$body$;
