-- People are told the times of an event as clocks show them where it takes place.

ALTER TABLE boxoffice.events ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC';
