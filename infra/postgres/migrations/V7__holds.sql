-- What a sale is measured by, and what a hold was granted.

-- Tickets of one buyer at most: a sale is refused beyond it.
ALTER TABLE boxoffice.events ADD COLUMN max_per_buyer bigint NOT NULL
    GENERATED ALWAYS AS (coalesce((sale ->> 'max_per_buyer')::bigint, 4)) STORED;

ALTER TABLE boxoffice.bookings
    -- Whether its hold was given more time, which happens once.
    ADD COLUMN extended boolean NOT NULL DEFAULT false,
    -- Whether the organiser has sold it, at the cash desk. The limit per buyer does not bind them.
    ADD COLUMN sold_by_organiser boolean NOT NULL DEFAULT false;
