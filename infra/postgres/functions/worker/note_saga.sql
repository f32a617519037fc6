-- Notes how far a saga came: p_status running (due again after p_rest_ms), done or dead; p_error
-- when the step failed. noted is false when it has changed since p_revision.
--
-- A payment from which a share is still to go back is not done, whatever the caller thinks: an
-- application of the release before knows nothing of shares. It is due again after a second.
CREATE OR REPLACE FUNCTION boxoffice.note_saga(
    p_id text, p_revision bigint, p_step text, p_status text, p_rest_ms bigint, p_error text,
    OUT noted boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_status text := p_status;
    v_rest_ms bigint := p_rest_ms;
BEGIN
    -- mutant: old-workers-forget-shares
    IF p_status = 'done' AND EXISTS (
        SELECT FROM sagas AS s JOIN payments AS p ON s.kind = 'payment' AND p.id = s.subject
        WHERE s.id = p_id
            AND payment_step(p.provider_state, p.decision, owes_part(p.id)) = 'refund_part'
    ) THEN
        v_status := 'running';
        v_rest_ms := 1000;
    END IF;
    UPDATE sagas AS s SET
        step = p_step,
        status = v_status,
        attempts = CASE WHEN p_error IS NULL THEN 0 ELSE s.attempts + 1 END,
        revision = s.revision + 1,
        due_at = now() + v_rest_ms * interval '1 ms',
        last_error = p_error,
        updated_at = now_utc(),
        finished_at = CASE WHEN v_status <> 'running' THEN now_utc() END
    -- mutant: stale-workers-note
    WHERE s.id = p_id AND s.revision = p_revision AND s.status = 'running';
    noted := FOUND;
END
$body$;
