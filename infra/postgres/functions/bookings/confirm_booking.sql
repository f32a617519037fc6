-- Sells a booking, and decides about its payment in the same breath: kept when the sale is made by
-- it, given back whenever it can never become one. p_by_organiser: at the cash desk. p_contact: where
-- the buyer can be reached, see note_contact: the journal, which tells it too, may come later.
CREATE OR REPLACE FUNCTION boxoffice.confirm_booking(
    p_booking text, p_event uuid, p_user uuid, p_section text, p_seats text[], p_quantity bigint,
    p_amount bigint, p_currency text, p_created_at_ms bigint, p_expires_at_ms bigint,
    p_payment text, p_by_organiser boolean, p_contact text, OUT outcome text
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    SELECT sold.outcome INTO STRICT confirm_booking.outcome
    FROM sell_booking(p_booking, p_event, p_user, p_section, p_seats, p_quantity, p_amount,
        p_currency, p_created_at_ms, p_expires_at_ms, p_payment, p_by_organiser) AS sold;
    IF outcome = 'confirmed' THEN
        -- mutant: a-sale-loses-its-contact
        PERFORM note_contact(p_booking, p_contact);
    END IF;
    -- Only of this booking: whose payment another one is, decides its own booking.
    IF outcome NOT IN ('confirmed', 'already_confirmed', 'payment_given_back', 'not_paid') THEN
        -- mutant: a-second-payment-is-forgotten
        PERFORM decide_give_back(paid.id, outcome) FROM payments AS paid
        WHERE paid.id = p_payment AND paid.booking_id = p_booking;
    END IF;
END
$body$;
