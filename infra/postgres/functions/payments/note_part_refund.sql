-- Notes that the share of a part is back, under the provider's name of the refund. noted tells
-- whether by this call.
CREATE OR REPLACE FUNCTION boxoffice.note_part_refund(
    p_booking text, p_part bigint, p_refund text, OUT noted boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE given_up_parts AS g SET refund_id = p_refund, done_at = now_utc()
    WHERE g.booking_id = p_booking AND g.part = p_part AND g.done_at IS NULL;
    noted := FOUND;
    IF noted THEN
        PERFORM announce_part(p_booking, p_part, 'part_refunded');
    END IF;
END
$body$;
