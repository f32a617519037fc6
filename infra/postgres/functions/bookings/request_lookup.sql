-- Writes down that somebody asks for the bookings of a mailbox. Whether it has any is looked up
-- when the letter is sent: this takes as long for a mailbox that nobody knows. p_locale may be NULL.
-- The same p_id again changes nothing.
CREATE OR REPLACE FUNCTION boxoffice.request_lookup(
    p_id uuid, p_email text, p_locale text, OUT noted boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    INSERT INTO letters (id, kind, email, locale)
    VALUES (format('letter_lookup_%s', p_id), 'bookings.lookup', p_email, p_locale)
    ON CONFLICT (id) DO NOTHING;
    noted := FOUND;
END
$body$;
