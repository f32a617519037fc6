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
        "SELECT boxoffice.decide_give_back('pi_1', 'mine')",
        "SELECT boxoffice.unix_ms(now())",
        "SELECT * FROM boxoffice.function_set",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_read_file('/etc/hostname')",
        "DROP TABLE boxoffice.tickets",
    ] {
        assert_eq!(refusal(&application, sql).await, INSUFFICIENT_PRIVILEGE, "{sql}");
    }
}

#[tokio::test]
async fn every_step_runs_with_the_rights_of_its_owner_and_nobody_else_may_call_it() {
    let owner = TestDatabase::create().await.connect().await;
    let open = "SELECT p.oid::regprocedure::text FROM pg_proc AS p
        WHERE p.pronamespace = 'boxoffice'::regnamespace
            AND p.prosecdef IS DISTINCT FROM (p.proconfig IS NOT NULL)";
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
