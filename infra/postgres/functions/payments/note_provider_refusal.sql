-- Counts a refusal of the provider. is_news tells whether an operator is to be told: once for each
-- cause in p_window_ms, by whoever meets it first.
CREATE OR REPLACE FUNCTION boxoffice.note_provider_refusal(
    p_operation text, p_cause text, p_window_ms bigint, OUT is_news boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_told_at timestamptz;
BEGIN
    INSERT INTO provider_refusals (operation, cause) VALUES (p_operation, p_cause)
    ON CONFLICT (operation, cause) DO NOTHING;
    SELECT r.told_at INTO STRICT v_told_at FROM provider_refusals AS r
    WHERE r.operation = p_operation AND r.cause = p_cause FOR UPDATE;
    is_news := v_told_at <= now() - p_window_ms * interval '1 ms';
    UPDATE provider_refusals AS r SET total = r.total + 1,
        told_at = CASE WHEN is_news THEN now() ELSE r.told_at END
    WHERE r.operation = p_operation AND r.cause = p_cause;
END
$body$;
