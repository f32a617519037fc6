-- An account as the ledger crate reads it.
CREATE OR REPLACE FUNCTION boxoffice.account_document(account boxoffice.accounts) RETURNS text
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT json_build_object(
        'user_id', account.user_id, 'email', account.email, 'name', account.name,
        'locale', account.locale, 'created_at_ms', unix_ms(account.created_at)
    )::text
$body$;
