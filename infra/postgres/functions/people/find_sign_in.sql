-- The sign-in that a link, or mailbox and code, may end: locked, in time and not used. NULL without
-- one. A wrong code counts as a try.
--
-- Of several sign-ins of a mailbox the code of the newest counts alone, so a guess is right by one
-- chance in a million. 5 tries for a code, and 20 wrong ones of a mailbox in a day, whoever makes
-- them: somebody guesses a code by one chance in 50,000 a day. A link, which nobody can guess, is
-- good beyond both.
CREATE OR REPLACE FUNCTION boxoffice.find_sign_in(
    p_email text, p_code_digest text, p_link_digest text
)
RETURNS boxoffice.sign_ins
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    life CONSTANT interval := '15 minutes';
    tries_max CONSTANT bigint := 5;
    daily_tries_max CONSTANT bigint := 20;
    v_sign_in sign_ins;
    v_tries bigint;
BEGIN
    IF p_link_digest IS NOT NULL THEN
        SELECT * INTO v_sign_in FROM sign_ins AS s
        WHERE s.link_digest = p_link_digest FOR UPDATE;
    ELSE
        SELECT * INTO v_sign_in FROM sign_ins AS s WHERE lower(s.email) = lower(p_email)
        ORDER BY s.created_at DESC, s.id DESC LIMIT 1 FOR UPDATE;
    END IF;
    -- mutant: codes-never-end
    IF v_sign_in.id IS NULL OR v_sign_in.created_at < now() - life
        -- mutant: a-code-is-used-twice
        OR v_sign_in.used_at IS NOT NULL
    THEN
        RETURN NULL;
    END IF;
    IF p_link_digest IS NOT NULL THEN
        RETURN v_sign_in;
    END IF;
    SELECT sum(s.tries) INTO v_tries FROM sign_ins AS s
    WHERE lower(s.email) = lower(p_email) AND s.created_at > now() - interval '1 day';
    -- mutant: codes-can-be-guessed
    IF v_sign_in.tries >= tries_max OR v_tries >= daily_tries_max THEN
        RETURN NULL;
    END IF;
    IF v_sign_in.code_digest <> p_code_digest THEN
        UPDATE sign_ins AS s SET tries = s.tries + 1 WHERE s.id = v_sign_in.id;
        RETURN NULL;
    END IF;
    RETURN v_sign_in;
END
$body$;
