-- Refuses to change or to remove what is on the record of scans.
CREATE OR REPLACE FUNCTION boxoffice.refuse_change_of_scans() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    RAISE EXCEPTION 'the record of scans is only added to';
END
$body$;

-- Made once: to replace it would let every scan wait for the end of the upgrade.
DO $trigger$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_trigger WHERE tgrelid = 'boxoffice.scans'::regclass
            AND tgname = 'refuse_change_of_scans'
    ) THEN
        CREATE TRIGGER refuse_change_of_scans BEFORE UPDATE OR DELETE OR TRUNCATE
            ON boxoffice.scans
            FOR EACH STATEMENT EXECUTE FUNCTION boxoffice.refuse_change_of_scans();
    END IF;
END
$trigger$;
