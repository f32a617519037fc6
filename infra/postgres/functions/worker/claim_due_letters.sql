-- Takes letters that are due, the longest due first, and lets each rest for p_lease_ms. A letter
-- about a booking goes to its contact as it is now.
CREATE OR REPLACE FUNCTION boxoffice.claim_due_letters(p_limit bigint, p_lease_ms bigint)
RETURNS TABLE (document text)
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    WITH due AS (
        SELECT l.id, l.due_at FROM letters AS l
        WHERE l.done_at IS NULL AND l.dead_at IS NULL AND l.due_at <= now()
        ORDER BY l.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ),
    taken AS (
        UPDATE letters AS l SET due_at = now() + p_lease_ms * interval '1 ms'
        FROM due WHERE l.id = due.id
        RETURNING l.*, due.due_at AS was_due_at
    )
    SELECT json_build_object(
        'id', taken.id, 'kind', taken.kind, 'attempts', taken.attempts,
        'age_ms', greatest(0, unix_ms(now()) - unix_ms(taken.created_at)),
        'created_at_ms', unix_ms(taken.created_at),
        'subject_id', taken.subject_id,
        'email', coalesce(taken.email, b.email), 'locale', coalesce(taken.locale, b.locale),
        'booking', taken.payload::json -> 'data',
        'event', CASE WHEN e.id IS NOT NULL THEN json_build_object(
            'name', e.name, 'venue', e.venue, 'starts_at_ms', unix_ms(e.starts_at),
            'ends_at_ms', unix_ms(e.ends_at), 'time_zone', e.time_zone
        ) END
    )::text
    FROM taken
    LEFT JOIN bookings AS b ON b.id = taken.booking_id
    LEFT JOIN events AS e ON e.id = b.event_id
    ORDER BY taken.was_due_at, taken.id
$body$;
