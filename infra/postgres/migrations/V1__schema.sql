-- The schema of the ledger, its limits of time, and the role of the application.
--
-- Migrations hold tables, types, indexes, constraints and roles, and are never edited after a
-- release. Functions are in ../functions and rights in ../grants.sql: those say what holds today,
-- and are applied whole after the migrations, in one transaction.

CREATE SCHEMA boxoffice;

-- Limits belong to the database: the connection pool of Spin resets what a session sets.
-- They are shorter than the 2.5 s for which a guest waits, so a step that takes too long is
-- given up by the server too, and does not commit behind the back of a caller that has gone.
-- A migration that needs longer begins with SET LOCAL statement_timeout.
DO $limits$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET statement_timeout = ''2s''', current_database());
    -- A row is locked for the length of one commit. Who waits longer for it is better refused.
    EXECUTE format('ALTER DATABASE %I SET lock_timeout = ''1500ms''', current_database());
    -- No step opens a transaction. One that was opened by hand must not keep its locks.
    EXECUTE format('ALTER DATABASE %I SET idle_in_transaction_session_timeout = ''5s''',
        current_database());
    -- Every step is a short query. To compile one takes 200 ms, a hundred times what it saves.
    EXECUTE format('ALTER DATABASE %I SET jit = off', current_database());
    -- Nobody needs tables of their own; such a table could stand in the way of a name.
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$limits$;

-- The owner of the schema migrates; the application is `boxoffice_app`, which may call the
-- functions of the schema and nothing else: it can read, change or drop no table but through a
-- business step.
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

-- Which functions and rights the database has, so that they are applied only when they differ.
CREATE TABLE boxoffice.function_set (
    -- One row.
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    -- SHA-256 of the files, in hex.
    digest text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
