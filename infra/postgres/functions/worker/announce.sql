-- Writes down what is to be told about a booking, as it is now.
CREATE OR REPLACE FUNCTION boxoffice.announce(p_booking text, p_word text) RETURNS void
LANGUAGE sql
SECURITY DEFINER
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
