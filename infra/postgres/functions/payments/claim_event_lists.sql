-- Takes the lists that are due; each is due again after p_every_ms. Two workers get different ones.
CREATE OR REPLACE FUNCTION boxoffice.claim_event_lists(p_every_ms bigint)
RETURNS TABLE (name text, after_event text)
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    UPDATE event_lists AS l SET due_at = now() + p_every_ms * interval '1 ms'
    WHERE l.name IN (
        SELECT due.name FROM event_lists AS due
        -- mutant: every-worker-asks-for-events
        WHERE due.due_at <= now() ORDER BY due.name FOR UPDATE SKIP LOCKED
    )
    RETURNING l.name, l.after_event
$body$;
