-- Takes checkouts whose page is to be ended, because its hold is over or sold. Each then rests for
-- p_lease_ms. One whose hold was given more time waits for its new end.
CREATE OR REPLACE FUNCTION boxoffice.claim_due_checkouts(p_limit bigint, p_lease_ms bigint)
RETURNS TABLE (id text, session_id text)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    RETURN QUERY
    WITH due AS (
        SELECT c.id FROM checkouts AS c
        WHERE c.ended_at IS NULL AND c.due_at <= now()
        ORDER BY c.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ),
    taken AS (
        UPDATE checkouts AS c SET due_at = CASE
            WHEN booking_state(b) = 'reserved' THEN greatest(b.expires_at, now() + interval '1 s')
            ELSE now() + p_lease_ms * interval '1 ms'
        END
        FROM due, bookings AS b
        WHERE c.id = due.id AND b.id = c.booking_id
        RETURNING c.id, c.session_id, booking_state(b) AS state
    )
    SELECT taken.id::text, taken.session_id FROM taken
    -- mutant: pages-of-open-holds-are-ended
    WHERE taken.state <> 'reserved';
END
$body$;
