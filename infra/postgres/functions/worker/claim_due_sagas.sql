-- Takes sagas that are due, the longest due first. Each then rests for p_lease_ms, so that two
-- workers rarely meet; when they do, the revision tells who was first.
CREATE OR REPLACE FUNCTION boxoffice.claim_due_sagas(p_limit bigint, p_lease_ms bigint)
RETURNS TABLE (
    id text, kind text, subject text, event_id text, step text, attempts bigint, revision bigint,
    age_ms bigint, payment text
)
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    WITH due AS (
        SELECT s.id, s.due_at FROM sagas AS s
        WHERE s.status = 'running' AND s.due_at <= now()
        -- mutant: sagas-are-claimed-by-all
        ORDER BY s.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ),
    taken AS (
        UPDATE sagas AS s SET due_at = now() + p_lease_ms * interval '1 ms',
            revision = s.revision + 1
        FROM due WHERE s.id = due.id
        RETURNING s.*, due.due_at AS was_due_at
    )
    SELECT taken.id, taken.kind, taken.subject, taken.event_id::text, taken.step, taken.attempts,
        taken.revision, unix_ms(now()) - unix_ms(taken.created_at),
        CASE taken.kind WHEN 'payment' THEN payment_document(taken.subject) END
    FROM taken ORDER BY taken.was_due_at, taken.id
$body$;
