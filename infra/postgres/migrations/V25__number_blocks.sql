-- A block of queue numbers is handed out once for each need of it: when a crowd finds the numbers
-- used up, its first request takes a block and the others are told the same one.

ALTER TABLE boxoffice.events
    -- What had been used up when the last block was handed out, as Redis names it.
    ADD COLUMN numbers_state text,
    -- The first number of that block; the last is queue_ceiling.
    ADD COLUMN numbers_first bigint;

DROP FUNCTION boxoffice.grant_numbers(uuid, bigint);

-- Hands out queue numbers, each once; the same numbers again as long as the last block was for
-- p_state. No row without such an event.
CREATE FUNCTION boxoffice.grant_numbers(p_event uuid, p_count bigint, p_state text)
RETURNS TABLE (first bigint, last bigint)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    -- Who waits for another's block looks at the row again once that is committed.
    UPDATE events AS e SET
        numbers_state = p_state,
        numbers_first = e.queue_ceiling + 1,
        queue_ceiling = e.queue_ceiling + p_count
    WHERE e.id = p_event AND e.numbers_state IS DISTINCT FROM p_state;
    RETURN QUERY SELECT e.numbers_first, e.queue_ceiling FROM events AS e
    WHERE e.id = p_event AND e.numbers_state = p_state;
END
$body$;
