-- The owner of a hold says where to write to, instead of what was said before: domain::contact as
-- text. What it does not say stays. noted is false when the ledger has no such hold.
CREATE OR REPLACE FUNCTION boxoffice.set_contact(
    p_booking text, p_user uuid, p_contact text, OUT noted boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE bookings AS b SET email = coalesce(given ->> 'email', b.email),
        name = coalesce(given ->> 'name', b.name), locale = coalesce(given ->> 'locale', b.locale)
    FROM (SELECT nullif(p_contact, '')::jsonb AS given) AS contact
    -- mutant: contacts-of-others-are-set
    WHERE b.id = p_booking AND b.user_id = p_user AND b.state = 'reserved'
        AND contact.given IS NOT NULL;
    noted := FOUND;
END
$body$;
