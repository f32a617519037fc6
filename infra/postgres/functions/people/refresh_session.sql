-- Rotates the refresh token of a session. Outcomes: refreshed, refused. A token that was used
-- before ends its session: either its owner shows it again, or somebody who has copied it, and
-- nobody can tell which. The same p_new_digest again changes nothing and says the same.
CREATE OR REPLACE FUNCTION boxoffice.refresh_session(
    p_digest text, p_new_digest text, p_refresh_ttl_s bigint,
    OUT outcome text, OUT user_id text, OUT session_id text
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_session sessions;
    v_token refresh_tokens;
BEGIN
    outcome := 'refused';
    -- Old ones go a few at a time, by whoever comes.
    DELETE FROM refresh_tokens WHERE digest IN (
        SELECT r.digest FROM refresh_tokens AS r WHERE r.expires_at < now() - interval '1 day'
        ORDER BY r.expires_at LIMIT 100 FOR UPDATE SKIP LOCKED
    );
    -- The session first: whatever else ends it waits for this, or this for it.
    SELECT s.* INTO v_session FROM sessions AS s JOIN refresh_tokens AS r ON r.session_id = s.id
    WHERE r.digest = p_digest FOR UPDATE OF s;
    SELECT * INTO v_token FROM refresh_tokens AS r WHERE r.digest = p_digest;
    IF v_session.id IS NULL OR v_session.ended_at IS NOT NULL OR v_token.expires_at < now() THEN
        RETURN;
    END IF;
    IF v_token.used_at IS NULL THEN
        UPDATE refresh_tokens AS r SET used_at = now() WHERE r.digest = p_digest;
        INSERT INTO refresh_tokens (digest, session_id, expires_at)
        VALUES (p_new_digest, v_session.id, now() + p_refresh_ttl_s * interval '1 s');
    ELSIF NOT EXISTS (
        SELECT FROM refresh_tokens AS r
        WHERE r.digest = p_new_digest AND r.session_id = v_session.id
    ) THEN
        -- mutant: a-copied-token-goes-on
        UPDATE sessions AS s SET ended_at = now() WHERE s.id = v_session.id;
        RETURN;
    END IF;
    outcome := 'refreshed';
    user_id := v_session.user_id;
    session_id := v_session.id;
END
$body$;
