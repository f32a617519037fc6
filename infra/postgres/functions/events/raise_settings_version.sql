-- Counts up the version of an event's settings with each change of what Redis decides by. A
-- trigger, so that no function that changes an event can forget it.
CREATE OR REPLACE FUNCTION boxoffice.raise_settings_version() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    IF (OLD.on_sale_at, OLD.ends_at, OLD.sale, OLD.paused, OLD.cancelled)
        IS DISTINCT FROM
        (NEW.on_sale_at, NEW.ends_at, NEW.sale, NEW.paused, NEW.cancelled)
    THEN
        NEW.settings_version := OLD.settings_version + 1;
    END IF;
    RETURN NEW;
END
$body$;

-- Made once: to replace it would let every change of an event wait for the end of the upgrade.
DO $trigger$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_trigger WHERE tgrelid = 'boxoffice.events'::regclass
            AND tgname = 'raise_settings_version'
    ) THEN
        CREATE TRIGGER raise_settings_version BEFORE UPDATE ON boxoffice.events
            FOR EACH ROW EXECUTE FUNCTION boxoffice.raise_settings_version();
    END IF;
END
$trigger$;
