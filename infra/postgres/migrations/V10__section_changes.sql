-- Sections change while they are sold.

-- Grows with each change of an event's sections, so that changes may reach Redis in any order.
ALTER TABLE boxoffice.events ADD COLUMN sections_version bigint NOT NULL DEFAULT 1;
