-- Where buyers can be reached, as they said when they reserved. Personal data: of use to the owner
-- and the organiser of a booking alone.

ALTER TABLE boxoffice.bookings
    -- A mailbox, as it was written.
    ADD COLUMN email text,
    ADD COLUMN name text,
    -- A language tag of BCP 47.
    ADD COLUMN locale text;

-- Not of the bookings of before, which have none: so no row is read while the table is locked.
ALTER TABLE boxoffice.bookings ADD CONSTRAINT bookings_contact_lengths CHECK (
    char_length(email) BETWEEN 1 AND 254 AND char_length(name) BETWEEN 1 AND 100
    AND char_length(locale) BETWEEN 1 AND 35
) NOT VALID;

-- The bookings of a buyer in an event, whatever the letter case of the mailbox. Without a mailbox
-- the bookings of an event are a range of the primary key, because an id begins with its event.
CREATE INDEX bookings_by_email ON boxoffice.bookings (event_id, lower(email), id)
    WHERE email IS NOT NULL;
