-- Takes checkouts whose page is to be ended, because its hold is resolved or over. Each then rests
-- for p_lease_ms.
CREATE OR REPLACE FUNCTION boxoffice.claim_due_checkouts(p_limit bigint, p_lease_ms bigint)
RETURNS TABLE (id text, session_id text)
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    WITH due AS (
        SELECT c.id FROM checkouts AS c JOIN bookings AS b ON b.id = c.booking_id
        WHERE c.ended_at IS NULL AND c.due_at <= now()
            -- What is cheap to see first: most holds go on.
            AND (b.state <> 'reserved' OR b.expires_at <= now())
            -- mutant: pages-of-open-holds-are-ended
            AND booking_state(b) <> 'reserved'
        ORDER BY c.due_at LIMIT p_limit FOR UPDATE OF c SKIP LOCKED
    )
    UPDATE checkouts AS c SET due_at = now() + p_lease_ms * interval '1 ms'
    FROM due WHERE c.id = due.id
    RETURNING c.id::text, c.session_id
$body$;
