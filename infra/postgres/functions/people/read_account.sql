-- An account, for a session of it that has not ended; no row without one.
CREATE OR REPLACE FUNCTION boxoffice.read_account(p_user uuid, p_session uuid)
RETURNS TABLE (document text)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT account_document(a) FROM accounts AS a
    WHERE a.user_id = p_user AND session_is_alive(p_user, p_session)
$body$;
