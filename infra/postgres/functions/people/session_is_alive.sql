-- Whether an account is signed in by this session. An access token outlives the end of its session
-- by some minutes, so whatever reads or changes the account asks.
CREATE OR REPLACE FUNCTION boxoffice.session_is_alive(p_user uuid, p_session uuid) RETURNS boolean
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT EXISTS (
        SELECT FROM sessions AS s
        -- mutant: signed-out-sessions-go-on
        WHERE s.id = p_session AND s.user_id = p_user AND s.ended_at IS NULL
    )
$body$;
