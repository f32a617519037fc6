-- The contacts of those of p_bookings that have one, as domain::contact writes them.
CREATE OR REPLACE FUNCTION boxoffice.contacts_among(p_bookings text[])
RETURNS TABLE (booking_id text, contact text)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT b.id, json_strip_nulls(
        json_build_object('email', b.email, 'name', b.name, 'locale', b.locale)
    )::text
    FROM bookings AS b
    WHERE b.id = ANY (p_bookings) AND num_nonnulls(b.email, b.name, b.locale) > 0
$body$;
