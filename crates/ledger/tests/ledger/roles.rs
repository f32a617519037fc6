//! What the application's role may do: call the steps, and nothing else.

use ledger::{ConfirmOutcome, Database, DatabaseError};

use crate::support::{Connection, TestDatabase, confirm, new_event, seats};

/// The SQLSTATE with which Postgres refuses.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

async fn refusal(database: &Connection, sql: &str) -> String {
    match database.query(sql, Vec::new()).await {
        Err(DatabaseError::Statement { sqlstate, .. }) => sqlstate,
        other => panic!("{sql}: {other:?}"),
    }
}

#[tokio::test]
async fn the_application_sells_but_touches_no_table() {
    let database = TestDatabase::create().await;
    let application = database.connect_as_application().await;
    let event = new_event(&application).await;
    let sold = confirm(&application, &seats(event, &["A-1-1"])).await;
    assert_eq!(sold, ConfirmOutcome::Confirmed);
    for sql in [
        "SELECT * FROM boxoffice.bookings",
        "SELECT * FROM boxoffice.events",
        "INSERT INTO boxoffice.tickets SELECT * FROM boxoffice.tickets",
        "UPDATE boxoffice.bookings SET amount = 0",
        "DELETE FROM boxoffice.tickets",
        "TRUNCATE boxoffice.tickets",
        "SELECT * FROM public.refinery_schema_history",
        "CREATE TABLE boxoffice.mine ()",
        "CREATE TABLE public.mine ()",
        "CREATE TEMPORARY TABLE mine ()",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "SELECT boxoffice.grant_rights()",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_read_file('/etc/hostname')",
        "DROP TABLE boxoffice.tickets",
    ] {
        assert_eq!(refusal(&application, sql).await, INSUFFICIENT_PRIVILEGE, "{sql}");
    }
}

/// Whatever migrations add later, the last step of migrating gives it the rights of the rest.
#[tokio::test]
async fn what_later_migrations_add_is_covered() {
    let database = TestDatabase::create().await;
    let owner = database.connect().await;
    owner
        .execute(
            "CREATE TABLE boxoffice.later (a integer);
             GRANT SELECT ON boxoffice.later TO PUBLIC;
             CREATE FUNCTION boxoffice.add_later() RETURNS void LANGUAGE sql
                 SET search_path = boxoffice, pg_temp
                 AS 'INSERT INTO later VALUES (1)'",
        )
        .await;
    database.migrate_again();
    let application = database.connect_as_application().await;
    application.execute("SELECT boxoffice.add_later()").await;
    let read = "SELECT * FROM boxoffice.later";
    assert_eq!(refusal(&application, read).await, INSUFFICIENT_PRIVILEGE);
}

#[tokio::test]
async fn every_step_runs_with_the_rights_of_its_owner_and_nobody_else_may_call_it() {
    let owner = TestDatabase::create().await.connect().await;
    let open = "SELECT p.oid::regprocedure::text FROM pg_proc AS p
        WHERE p.pronamespace = 'boxoffice'::regnamespace
            AND p.prosecdef IS DISTINCT FROM (p.proconfig IS NOT NULL)
            AND p.proname <> 'grant_rights'";
    assert_eq!(owner.texts(open).await, Vec::<String>::new());
    let public = "SELECT p.oid::regprocedure::text FROM pg_proc AS p,
            LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS it
        WHERE p.pronamespace = 'boxoffice'::regnamespace AND it.grantee = 0";
    assert_eq!(owner.texts(public).await, Vec::<String>::new());
    let loose = "SELECT p.oid::regprocedure::text FROM pg_proc AS p
        WHERE p.pronamespace = 'boxoffice'::regnamespace AND p.prosecdef
            AND NOT 'search_path=boxoffice, pg_temp' = ANY (p.proconfig)";
    assert_eq!(owner.texts(loose).await, Vec::<String>::new());
}
