-- Forgets letters that wait: there is no mail API, so nobody will ever send them.
CREATE OR REPLACE FUNCTION boxoffice.drop_letters(OUT dropped bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    DELETE FROM letters AS l WHERE l.done_at IS NULL AND l.dead_at IS NULL;
    GET DIAGNOSTICS dropped = ROW_COUNT;
END
$body$;
