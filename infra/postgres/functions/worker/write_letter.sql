-- Writes down the letter about a message of the outbox, once, if the buyer of its booking has said
-- where to write to. A mailbox gets about 50 a day, whoever buys: nobody has verified it, so it may
-- be somebody's who never asked.
CREATE OR REPLACE FUNCTION boxoffice.write_letter(p_message text) RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    INSERT INTO letters (id, kind, booking_id, payload)
    SELECT 'letter' || substr(o.id, 4), o.kind, o.booking_id, o.payload
    FROM outbox AS o JOIN bookings AS b ON b.id = o.booking_id
    WHERE o.id = p_message AND b.email IS NOT NULL
        -- mutant: sales-flood-a-mailbox
        AND 50 > (
            SELECT count(*) FROM (
                SELECT FROM bookings AS same JOIN letters AS l ON l.booking_id = same.id
                WHERE same.email IS NOT NULL AND lower(same.email) = lower(b.email)
                    AND l.created_at > now() - interval '1 day'
                LIMIT 50
            ) AS written
        )
    -- It may have been sent since.
    ON CONFLICT (id) DO NOTHING
$body$;
