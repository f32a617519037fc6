-- Signs out: this session, or every session of its user. ended is how many that were; 0 when this
-- session has ended before.
CREATE OR REPLACE FUNCTION boxoffice.end_sessions(
    p_user uuid, p_session uuid, p_all boolean, OUT ended bigint
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE sessions AS s SET ended_at = now()
    WHERE s.user_id = p_user AND s.ended_at IS NULL AND (s.id = p_session OR p_all)
        AND session_is_alive(p_user, p_session);
    GET DIAGNOSTICS ended = ROW_COUNT;
END
$body$;
