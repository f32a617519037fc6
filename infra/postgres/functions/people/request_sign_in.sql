-- Writes down that somebody asks to sign in to a mailbox, and the letter to it. It takes as long
-- for a mailbox that nobody knows: who has an account is looked up when the code or link comes back.
-- p_name and p_locale may be NULL. The same p_id again changes nothing.
CREATE OR REPLACE FUNCTION boxoffice.request_sign_in(
    p_id uuid, p_email text, p_name text, p_locale text, p_code_digest text, p_link_digest text,
    OUT noted boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    -- Wrong tries of a mailbox are counted over a day, so for so long rows are needed.
    age_max CONSTANT interval := '1 day';
BEGIN
    -- Old ones go a few at a time, by whoever comes; those in use are skipped.
    DELETE FROM sign_ins WHERE id IN (
        SELECT s.id FROM sign_ins AS s WHERE s.created_at < now() - age_max
        ORDER BY s.created_at LIMIT 100 FOR UPDATE SKIP LOCKED
    );
    INSERT INTO sign_ins (id, email, name, locale, code_digest, link_digest)
    VALUES (p_id, p_email, p_name, p_locale, p_code_digest, p_link_digest)
    ON CONFLICT (id) DO NOTHING;
    noted := FOUND;
    INSERT INTO letters (id, kind, email, locale, subject_id)
    VALUES (format('letter_code_%s', p_id), 'auth.code', p_email, p_locale, p_id)
    ON CONFLICT (id) DO NOTHING;
END
$body$;
