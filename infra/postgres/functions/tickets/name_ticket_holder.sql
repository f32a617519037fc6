-- Says who will come with a ticket, on behalf of its owner. Outcomes: named, cancelled (nothing is
-- changed), missing (also when it is another owner's). Then the ticket.
CREATE OR REPLACE FUNCTION boxoffice.name_ticket_holder(
    p_ticket text, p_user uuid, p_holder text, OUT outcome text, OUT ticket text
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE tickets AS t SET holder = p_holder
    FROM bookings AS b
    WHERE t.ticket_id = p_ticket AND b.id = t.booking_id AND b.user_id = p_user;
    outcome := CASE WHEN FOUND THEN 'named' ELSE 'missing' END;
    SELECT CASE WHEN t.status = 'cancelled' THEN 'cancelled' ELSE outcome END, t.document::text
    INTO outcome, ticket
    FROM ticket_documents(NULL, p_ticket) AS t WHERE t.user_id = p_user;
    outcome := coalesce(outcome, 'missing');
END
$body$;
