-- Changes name and language of an account; NULL leaves one as it is. No row when its session has
-- ended.
CREATE OR REPLACE FUNCTION boxoffice.change_account(
    p_user uuid, p_session uuid, p_name text, p_locale text
)
RETURNS TABLE (document text)
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    UPDATE accounts AS a SET name = coalesce(p_name, a.name), locale = coalesce(p_locale, a.locale)
    WHERE a.user_id = p_user AND session_is_alive(p_user, p_session)
    RETURNING account_document(a)
$body$;
