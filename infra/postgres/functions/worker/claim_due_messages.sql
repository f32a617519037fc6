-- Takes messages of the outbox that are due, the longest due first, and lets each rest for
-- p_lease_ms.
CREATE OR REPLACE FUNCTION boxoffice.claim_due_messages(p_limit bigint, p_lease_ms bigint)
RETURNS TABLE (id text, payload text, attempts bigint)
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    WITH due AS (
        SELECT o.id, o.due_at FROM outbox AS o
        WHERE o.delivered_at IS NULL AND o.due_at <= now()
        ORDER BY o.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ),
    taken AS (
        UPDATE outbox AS o SET due_at = now() + p_lease_ms * interval '1 ms'
        FROM due WHERE o.id = due.id
        RETURNING o.*, due.due_at AS was_due_at
    )
    SELECT taken.id, taken.payload, taken.attempts
    FROM taken ORDER BY taken.was_due_at, taken.id
$body$;
