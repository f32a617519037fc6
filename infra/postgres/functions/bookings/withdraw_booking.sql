-- Undoes a sale: its places are for sale again, its payment is given back, Redis is told by a saga.
-- p_state: cancelled, or refunded when the money has gone back already. The caller has locked the
-- booking and found it confirmed.
CREATE OR REPLACE FUNCTION boxoffice.withdraw_booking(
    p_booking boxoffice.bookings, p_state text, p_reason text
) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE bookings AS b SET state = p_state WHERE b.id = p_booking.id;
    UPDATE payments AS p SET decision = 'give_back', reason = p_reason, updated_at = now_utc()
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
