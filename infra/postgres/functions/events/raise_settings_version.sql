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
    (OLD.on_sale_at, OLD.ends_at, OLD.max_per_buyer, OLD.hold_ttl_s, OLD.queue_enabled,
        OLD.max_active, OLD.release_per_s, OLD.pass_ttl_s, OLD.paused, OLD.cancelled,
        OLD.queue_joining, OLD.queue_message, OLD.abandon_after_s)
    IS DISTINCT FROM
    (NEW.on_sale_at, NEW.ends_at, NEW.max_per_buyer, NEW.hold_ttl_s, NEW.queue_enabled,
        NEW.max_active, NEW.release_per_s, NEW.pass_ttl_s, NEW.paused, NEW.cancelled,
        NEW.queue_joining, NEW.queue_message, NEW.abandon_after_s)
)
EXECUTE FUNCTION boxoffice.raise_settings_version();
