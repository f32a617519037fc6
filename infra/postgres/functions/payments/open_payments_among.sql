-- Which bookings have a payment that may still become a sale. Their sagas ask the provider now.
CREATE OR REPLACE FUNCTION boxoffice.open_payments_among(p_bookings text[])
RETURNS TABLE (booking_id text)
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    WITH open AS (
        SELECT p.id, p.booking_id FROM payments AS p
        WHERE p.booking_id = ANY (p_bookings) AND p.decision IS NULL
            AND p.provider_state NOT IN ('canceled', 'refunded')
    ),
    hurried AS (
        UPDATE sagas AS s SET due_at = now(), revision = s.revision + 1
        WHERE s.id IN (SELECT 'payment:' || open.id FROM open)
            AND s.status = 'running' AND s.step = 'await' AND s.due_at > now()
    )
    SELECT DISTINCT open.booking_id FROM open
$body$;
