-- Notes that the keys of an event have an end; noted tells whether that was news. Keys of a newer
-- generation have none yet: a rebuild has begun meanwhile.
CREATE OR REPLACE FUNCTION boxoffice.note_retired(
    p_event uuid, p_generation bigint, OUT noted boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE events AS e SET retired_at = now_utc()
    WHERE e.id = p_event AND e.generation = p_generation AND e.retired_at IS NULL;
    noted := FOUND;
END
$body$;
