-- A saga as the ledger crate reads it.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.saga_row_of(saga boxoffice.sagas) RETURNS boxoffice.saga_row
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW(
    saga.id, saga.kind, saga.subject, saga.event_id::text, saga.step, saga.status, saga.attempts,
    boxoffice.unix_ms(saga.due_at), saga.last_error, boxoffice.unix_ms(saga.created_at),
    boxoffice.unix_ms(saga.updated_at)
)::boxoffice.saga_row;
