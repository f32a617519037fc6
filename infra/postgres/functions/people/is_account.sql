-- Whether a user has an account.
CREATE OR REPLACE FUNCTION boxoffice.is_account(p_user uuid, OUT is_account boolean)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT EXISTS (SELECT FROM accounts AS a WHERE a.user_id = p_user)
$body$;
