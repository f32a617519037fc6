-- Writes down what is to be told about a booking, as it is now: to the receiver of messages, and to
-- its buyer.
CREATE OR REPLACE FUNCTION boxoffice.announce(p_booking text, p_word text) RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    INSERT INTO outbox (id, kind, booking_id, event_id, payload)
    SELECT format('msg_%s_%s', p_word, b.id), 'booking.' || p_word, b.id, b.event_id,
        message_text('booking.' || p_word, booking_facts(b))
    FROM bookings AS b WHERE b.id = p_booking
    ON CONFLICT (id) DO NOTHING;
    SELECT write_letter(format('msg_%s_%s', p_word, p_booking))
$body$;
