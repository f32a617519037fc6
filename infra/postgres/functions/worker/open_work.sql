-- What is still to do, in numbers: for metrics. Every number is read from an index that only holds
-- what is open, so it stays cheap however much was sold.
CREATE OR REPLACE FUNCTION boxoffice.open_work()
RETURNS TABLE (kind text, subject text, total bigint, oldest_s bigint)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT 'saga_' || s.status, s.kind, count(*),
        greatest(0, extract(epoch FROM now() - min(s.created_at)))::bigint
    FROM sagas AS s WHERE s.status IN ('running', 'dead') GROUP BY s.status, s.kind
    UNION ALL
    SELECT 'outbox', o.kind, count(*),
        greatest(0, extract(epoch FROM now() - min(o.created_at)))::bigint
    FROM outbox AS o WHERE o.delivered_at IS NULL GROUP BY o.kind
    UNION ALL
    SELECT 'letter', l.kind, count(*),
        greatest(0, extract(epoch FROM now() - min(l.created_at)))::bigint
    FROM letters AS l WHERE l.done_at IS NULL AND l.dead_at IS NULL GROUP BY l.kind
    UNION ALL
    SELECT 'letter_dead', l.kind, count(*),
        greatest(0, extract(epoch FROM now() - min(l.created_at)))::bigint
    FROM letters AS l WHERE l.dead_at IS NOT NULL GROUP BY l.kind
$body$;
