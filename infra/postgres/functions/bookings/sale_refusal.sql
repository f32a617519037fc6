-- Why a hold may not become a sale, whether its places are free or not; NULL when it may. Asks what
-- reserving asks. event_not_on_sale: its time was over, and nothing could be reserved now;
-- buyer_limit_exceeded: the buyer would own more than the event allows. The organiser passes a
-- pause and the limit, nothing else.
--
-- The caller has locked event, booking and payment; sales to one buyer follow one another from here
-- to the commit.
CREATE OR REPLACE FUNCTION boxoffice.sale_refusal(
    p_booking boxoffice.bookings, p_by_organiser boolean, OUT refusal text
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_event events;
    v_owned bigint;
BEGIN
    SELECT * INTO STRICT v_event FROM events AS e WHERE e.id = p_booking.event_id;
    IF booking_state(p_booking) = 'expired' AND (
        v_event.cancelled OR v_event.ends_at <= now() OR v_event.on_sale_at > now()
        OR v_event.paused AND NOT p_by_organiser
    ) THEN
        -- mutant: the-ledger-revives-what-is-not-on-sale
        refusal := 'event_not_on_sale';
        RETURN;
    END IF;
    IF p_by_organiser THEN
        RETURN;
    END IF;
    -- mutant: sales-to-one-buyer-overlap
    PERFORM pg_advisory_xact_lock(buyer_lock_key(p_booking.event_id, p_booking.user_id));
    SELECT coalesce(sum(b.quantity), 0) INTO v_owned FROM bookings AS b
    WHERE b.user_id = p_booking.user_id AND b.event_id = p_booking.event_id
        AND b.state = 'confirmed';
    IF v_owned + p_booking.quantity > v_event.max_per_buyer THEN
        -- mutant: the-ledger-sells-beyond-the-limit
        refusal := 'buyer_limit_exceeded';
    END IF;
END
$body$;
