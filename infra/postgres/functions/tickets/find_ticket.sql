-- A ticket with its owner; no row without it.
CREATE OR REPLACE FUNCTION boxoffice.find_ticket(p_ticket text)
RETURNS TABLE (user_id text, ticket text)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT t.user_id::text, t.document::text FROM ticket_documents(NULL, p_ticket) AS t
$body$;
