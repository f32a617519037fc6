-- Notes that nobody can pay on the page of a checkout any more.
CREATE OR REPLACE FUNCTION boxoffice.end_checkout(p_checkout uuid, OUT ended boolean)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE checkouts AS c SET ended_at = now_utc()
    WHERE c.id = p_checkout AND c.ended_at IS NULL;
    ended := FOUND;
END
$body$;
