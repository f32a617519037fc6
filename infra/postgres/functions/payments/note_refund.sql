-- Notes the provider's name of a refund. That it is done, raise_payment notes.
CREATE OR REPLACE FUNCTION boxoffice.note_refund(p_payment text, p_refund text, OUT noted boolean)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE refunds AS r SET refund_id = coalesce(r.refund_id, p_refund),
        done_at = coalesce(r.done_at, now())
    WHERE r.payment_id = p_payment;
    noted := FOUND;
END
$body$;
