-- Ends a sign-in by its link, or by mailbox and code, and begins a session. Outcomes: signed_in,
-- code_invalid. The same p_session again changes nothing and says the same.
--
-- A mailbox without an account gets one: of the guest p_guest, whose bookings, holds and places are
-- then the account's, or of p_new_user. p_guest is who shows the code or link, never who has asked
-- for it: else somebody could ask for another's mailbox, and share the account that its owner makes.
-- Where there is an account already, sales of the guest become the account's.
CREATE OR REPLACE FUNCTION boxoffice.redeem_sign_in(
    p_email text, p_code_digest text, p_link_digest text, p_guest uuid, p_new_user uuid,
    p_session uuid, p_refresh_digest text, p_refresh_ttl_s bigint,
    OUT outcome text, OUT user_id text
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_sign_in sign_ins;
    v_user uuid;
BEGIN
    SELECT s.user_id INTO v_user FROM sessions AS s JOIN refresh_tokens AS r ON r.session_id = s.id
    WHERE s.id = p_session AND r.digest = p_refresh_digest AND s.ended_at IS NULL;
    IF FOUND THEN
        outcome := 'signed_in';
        user_id := v_user;
        RETURN;
    END IF;
    v_sign_in := find_sign_in(p_email, p_code_digest, p_link_digest);
    IF v_sign_in.id IS NULL THEN
        outcome := 'code_invalid';
        RETURN;
    END IF;
    UPDATE sign_ins AS s SET used_at = now() WHERE s.id = v_sign_in.id;
    -- As the guest; nobody is added when that one has an account, or the mailbox.
    INSERT INTO accounts (user_id, email, name, locale)
    SELECT p_guest, v_sign_in.email, v_sign_in.name, v_sign_in.locale WHERE p_guest IS NOT NULL
    ON CONFLICT DO NOTHING;
    INSERT INTO accounts (user_id, email, name, locale)
    VALUES (p_new_user, v_sign_in.email, v_sign_in.name, v_sign_in.locale)
    ON CONFLICT (lower(email)) DO NOTHING;
    SELECT a.user_id INTO STRICT v_user FROM accounts AS a
    WHERE lower(a.email) = lower(v_sign_in.email);
    UPDATE bookings AS b SET user_id = v_user
    WHERE b.user_id = p_guest AND p_guest <> v_user
        -- A hold is Redis's, and stays the guest's.
        AND b.state IN ('confirmed', 'refunded', 'cancelled')
        -- mutant: accounts-take-from-accounts
        AND NOT EXISTS (SELECT FROM accounts AS a WHERE a.user_id = p_guest);
    INSERT INTO sessions (id, user_id) VALUES (p_session, v_user);
    INSERT INTO refresh_tokens (digest, session_id, expires_at)
    VALUES (p_refresh_digest, p_session, now() + p_refresh_ttl_s * interval '1 s');
    outcome := 'signed_in';
    user_id := v_user;
END
$body$;
