-- Who may do what in Postgres. The owner of the schema migrates; the application is
-- `boxoffice_app`, which may call the functions of the schema and nothing else: it can read,
-- change or drop no table but through a business step.

DO $roles$
BEGIN
    -- It has no password: where Postgres asks for one, nobody can log in until an operator sets
    -- it (ALTER ROLE boxoffice_app PASSWORD …). Roles belong to the server, so another database
    -- of it may have brought the role already, or do so at this moment.
    CREATE ROLE boxoffice_app LOGIN;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$roles$;

-- Brings the rights up to date. Functions that fix their search_path are business steps and run
-- with the rights of their owner; the others only compute. Run after every migration: a function
-- that was added or replaced has the rights of Postgres' defaults until then.
CREATE FUNCTION boxoffice.grant_rights() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure
        FROM pg_proc AS p
        WHERE p.pronamespace = 'boxoffice'::regnamespace
            AND p.prokind = 'f'
            AND NOT p.prosecdef
            AND p.oid <> 'boxoffice.grant_rights()'::regprocedure
            AND EXISTS (
                SELECT FROM unnest(p.proconfig) AS setting WHERE setting LIKE 'search_path=%'
            )
    LOOP
        EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER', v_function);
    END LOOP;
    REVOKE ALL ON ALL TABLES IN SCHEMA boxoffice FROM PUBLIC, boxoffice_app;
    REVOKE ALL ON ALL SEQUENCES IN SCHEMA boxoffice FROM PUBLIC, boxoffice_app;
    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA boxoffice FROM PUBLIC;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA boxoffice TO boxoffice_app;
    REVOKE ALL ON FUNCTION boxoffice.grant_rights() FROM boxoffice_app;
    REVOKE ALL ON SCHEMA boxoffice FROM PUBLIC;
    GRANT USAGE ON SCHEMA boxoffice TO boxoffice_app;
END
$body$;

-- Nobody needs tables of their own; such a table could stand in the way of a name.
DO $database$
BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$database$;
