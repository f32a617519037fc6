-- Writes down what is to be told about a part of a booking that was given up: the booking as it is
-- now, and the part.
CREATE OR REPLACE FUNCTION boxoffice.announce_part(p_booking text, p_part bigint, p_word text)
RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    INSERT INTO outbox (id, kind, booking_id, event_id, payload)
    SELECT format('msg_%s_%s_%s', p_word, b.id, g.part), 'booking.' || p_word, b.id, b.event_id,
        message_text('booking.' || p_word, (booking_facts(b)::jsonb || jsonb_build_object(
            'part', jsonb_build_object(
                'number', g.part, 'seats', g.seats, 'quantity', g.quantity, 'amount', g.amount
            )
        ))::json)
    FROM bookings AS b JOIN given_up_parts AS g ON g.booking_id = b.id AND g.part = p_part
    WHERE b.id = p_booking
    ON CONFLICT (id) DO NOTHING;
    SELECT write_letter(format('msg_%s_%s_%s', p_word, p_booking, p_part))
$body$;
