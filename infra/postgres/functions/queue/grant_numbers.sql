-- Hands out queue numbers, each once; the same numbers again as long as the last block was for
-- p_state. No row without such an event.
CREATE OR REPLACE FUNCTION boxoffice.grant_numbers(p_event uuid, p_count bigint, p_state text)
RETURNS TABLE (first bigint, last bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    -- Who waits for another's block looks at the row again once that is committed.
    UPDATE events AS e SET
        numbers_state = p_state,
        numbers_first = e.queue_ceiling + 1,
        queue_ceiling = e.queue_ceiling + p_count
    -- mutant: a-block-for-everybody-who-asks
    WHERE e.id = p_event AND e.numbers_state IS DISTINCT FROM p_state;
    RETURN QUERY SELECT e.numbers_first, e.queue_ceiling FROM events AS e
    WHERE e.id = p_event AND e.numbers_state = p_state;
END
$body$;
