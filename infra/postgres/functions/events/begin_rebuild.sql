-- Begins a new life of the event in Redis, p_next; no row unless its generation is p_generation.
-- With p_next the same, goes on where a builder has stopped. The queue's numbers go on above
-- queue_ceiling. The keys that are built now are to be retired once more.
CREATE OR REPLACE FUNCTION boxoffice.begin_rebuild(
    p_event uuid, p_generation bigint, p_next bigint, p_lease_ms bigint
)
RETURNS TABLE (document text, queue_ceiling bigint, queue_served bigint)
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    UPDATE events AS e SET
        generation = greatest(p_next, p_generation),
        rebuild_until = now() + p_lease_ms * interval '1 millisecond',
        retired_at = NULL
    WHERE e.id = p_event AND e.generation = p_generation
    RETURNING event_document(e), e.queue_ceiling, e.queue_served
$body$;
