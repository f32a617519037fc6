-- Makes the page of a checkout due once its hold is resolved: nobody shall begin to pay for it. A
-- trigger, so that no function that resolves a hold can forget it.
CREATE OR REPLACE FUNCTION boxoffice.end_checkout_with_hold() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    -- mutant: pages-outlive-their-holds
    UPDATE checkouts AS c SET due_at = now() WHERE c.booking_id = NEW.id AND c.ended_at IS NULL;
    RETURN NULL;
END
$body$;

-- Made once: to replace it would let every sale wait for the end of the upgrade.
DO $trigger$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_trigger WHERE tgrelid = 'boxoffice.bookings'::regclass
            AND tgname = 'end_checkout_with_hold'
    ) THEN
        CREATE TRIGGER end_checkout_with_hold AFTER UPDATE OF state ON boxoffice.bookings
            FOR EACH ROW WHEN (OLD.state = 'reserved' AND NEW.state <> 'reserved')
            EXECUTE FUNCTION boxoffice.end_checkout_with_hold();
    END IF;
END
$trigger$;
