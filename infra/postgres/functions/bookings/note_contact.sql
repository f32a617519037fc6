-- Where the buyer of a booking can be reached, as far as that is not known: domain::contact as
-- text, '' for nothing. The letter about a sale that is made is written now, if it could not be
-- before.
CREATE OR REPLACE FUNCTION boxoffice.note_contact(p_booking text, p_contact text) RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    UPDATE bookings AS b SET email = coalesce(b.email, given ->> 'email'),
        name = coalesce(b.name, given ->> 'name'), locale = coalesce(b.locale, given ->> 'locale')
    FROM (SELECT nullif(p_contact, '')::jsonb AS given) AS contact
    WHERE b.id = p_booking AND contact.given IS NOT NULL
        AND num_nonnulls(b.email, b.name, b.locale) < 3;
    SELECT write_letter('msg_confirmed_' || p_booking)
$body$;
