-- Notes the provider's page of a checkout, so that the worker can end it.
CREATE OR REPLACE FUNCTION boxoffice.note_checkout(
    p_checkout uuid, p_session text, OUT noted boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE checkouts AS c SET session_id = p_session
    WHERE c.id = p_checkout AND c.session_id IS DISTINCT FROM p_session;
    noted := FOUND;
END
$body$;
