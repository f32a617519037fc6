-- Counts up the version of an event's settings with each change of what Redis decides by. A
-- trigger, so that no function that changes an event can forget it.
CREATE OR REPLACE FUNCTION boxoffice.raise_settings_version() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    NEW.settings_version := OLD.settings_version + 1;
    RETURN NEW;
END
$body$;

CREATE OR REPLACE TRIGGER raise_settings_version BEFORE UPDATE ON boxoffice.events FOR EACH ROW
WHEN (
    (OLD.on_sale_at, OLD.ends_at, OLD.sale, OLD.paused, OLD.cancelled)
    IS DISTINCT FROM
    (NEW.on_sale_at, NEW.ends_at, NEW.sale, NEW.paused, NEW.cancelled)
)
EXECUTE FUNCTION boxoffice.raise_settings_version();
