-- Which holds are kept for a payment that may still become a sale. Of all their open payments those
-- that were not asked about since the hold's end, or for 10 s, ask the provider now.
CREATE OR REPLACE FUNCTION boxoffice.open_payments_among(p_bookings text[])
RETURNS TABLE (booking_id text)
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    WITH open AS (
        SELECT p.id, p.booking_id, b.expires_at AS ends_at,
            -- The journal may not be drained.
            b.id IS NULL OR booking_state(b) = 'reserved' AS is_kept
        FROM payments AS p LEFT JOIN bookings AS b ON b.id = p.booking_id
        WHERE p.booking_id = ANY (p_bookings) AND p.decision IS NULL
            AND NOT payment_is_given_up(p.provider_state, p.decision)
    ),
    hurried AS (
        UPDATE sagas AS s SET due_at = now(), revision = s.revision + 1, updated_at = now_utc()
        FROM open
        WHERE s.id = 'payment:' || open.id
            AND s.status = 'running' AND s.step = 'await' AND s.due_at > now()
            AND s.updated_at < greatest(open.ends_at, now() - interval '10 s')
    )
    SELECT DISTINCT open.booking_id FROM open WHERE open.is_kept
$body$;
