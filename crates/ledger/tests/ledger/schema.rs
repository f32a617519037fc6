//! What the schema promises beside its functions: limits of time, indexes, last lines of defence.

use ledger::{Database, DatabaseError, Value};

use crate::support::{TestDatabase, confirm, fresh, new_event, seats, standing};

#[tokio::test]
async fn the_database_limits_every_session() {
    let database = fresh().await;
    for (setting, value) in [
        ("statement_timeout", "2s"),
        ("lock_timeout", "1500ms"),
        ("idle_in_transaction_session_timeout", "5s"),
        ("jit", "off"),
    ] {
        let sql = format!("SELECT current_setting('{setting}')");
        assert_eq!(database.texts(&sql).await, [value], "{setting}");
        // What the connection pool does between two guests.
        database.execute("RESET ALL").await;
        assert_eq!(database.texts(&sql).await, [value], "{setting} after a reset");
    }
}

#[tokio::test]
async fn every_function_fixes_its_search_path_or_names_only_the_catalog() {
    let database = fresh().await;
    let open = "SELECT proname::text FROM pg_proc
        WHERE pronamespace = 'boxoffice'::regnamespace AND proconfig IS NULL ORDER BY 1";
    // Bodies of these are bound when they are created.
    let bound = [
        "booking_facts",
        "booking_lock_key",
        "buyer_lock_key",
        "event_lock_key",
        "instant",
        "message_text",
        "now_utc",
        "payment_is_given_up",
        "payment_rank",
        "payment_step",
        "saga_row_of",
        "state_rank",
        "stored_booking",
        "unix_ms",
    ];
    assert_eq!(database.texts(open).await, bound);
}

#[tokio::test]
async fn a_caller_with_another_search_path_reads_the_same_ledger() {
    let database = fresh().await;
    let event = new_event(&database).await;
    database
        .execute(
            "CREATE SCHEMA evil; CREATE TABLE evil.events (id uuid);
             CREATE FUNCTION evil.now_utc() RETURNS timestamptz LANGUAGE sql RETURN now();
             SET search_path = evil",
        )
        .await;
    assert_eq!(
        confirm(&database, &seats(event, &["A-1-1"])).await,
        ledger::ConfirmOutcome::Confirmed
    );
}

#[tokio::test]
async fn frequent_questions_are_answered_from_an_index() {
    let database = fresh().await;
    // Without statistics and with few rows the planner prefers a scan; what counts is whether the
    // index can answer, in order.
    database.execute("SET enable_seqscan = off; SET enable_bitmapscan = off").await;
    let some_id = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5";
    for (index, sql) in [
        (
            "bookings_by_user",
            format!(
                "SELECT * FROM boxoffice.bookings WHERE user_id = '{some_id}'
                 AND (created_at, id) < (now(), 'bk_') ORDER BY created_at DESC, id DESC LIMIT 10"
            ),
        ),
        (
            "bookings_reserved_by_expiry",
            "SELECT id FROM boxoffice.bookings WHERE state = 'reserved' AND expires_at < now()
             ORDER BY expires_at LIMIT 10"
                .to_owned(),
        ),
        (
            "tickets_by_booking",
            "SELECT seat FROM boxoffice.tickets WHERE booking_id = 'bk_'".to_owned(),
        ),
        (
            "events_live_by_end",
            "SELECT id FROM boxoffice.events WHERE NOT cancelled AND ends_at > now()
             ORDER BY ends_at LIMIT 10"
                .to_owned(),
        ),
        (
            "events_unretired",
            "SELECT id FROM boxoffice.events WHERE retired_at IS NULL AND over_at <= now()
             ORDER BY over_at LIMIT 10"
                .to_owned(),
        ),
        (
            "sagas_due",
            "SELECT id FROM boxoffice.sagas WHERE status = 'running' AND due_at <= now()
             ORDER BY due_at LIMIT 10"
                .to_owned(),
        ),
        (
            "sagas_by_status",
            "SELECT id FROM boxoffice.sagas WHERE status = 'dead' AND (created_at, id) < (now(), '')
             ORDER BY created_at DESC, id DESC LIMIT 10"
                .to_owned(),
        ),
        (
            "outbox_undelivered",
            "SELECT id FROM boxoffice.outbox WHERE delivered_at IS NULL AND due_at <= now()
             ORDER BY due_at LIMIT 10"
                .to_owned(),
        ),
        (
            "letters_waiting",
            "SELECT id FROM boxoffice.letters
             WHERE done_at IS NULL AND dead_at IS NULL AND due_at <= now()
             ORDER BY due_at LIMIT 10"
                .to_owned(),
        ),
        (
            "bookings_by_mailbox",
            "SELECT id FROM boxoffice.bookings
             WHERE email IS NOT NULL AND lower(email) = lower('Fan@example.com')
             ORDER BY created_at DESC, id DESC LIMIT 10"
                .to_owned(),
        ),
        (
            "payments_by_booking",
            "SELECT id FROM boxoffice.payments WHERE booking_id = 'bk_'".to_owned(),
        ),
        (
            "bookings_open_by_event",
            format!(
                "SELECT id FROM boxoffice.bookings WHERE event_id = '{some_id}'
                 AND state IN ('reserved', 'confirmed') AND state = 'confirmed'
                 ORDER BY id LIMIT 10"
            ),
        ),
    ] {
        let plan = database.texts(&format!("EXPLAIN {sql}")).await.join("\n");
        assert!(plan.contains(index) && !plan.contains("Sort"), "{index}:\n{plan}");
    }
}

#[tokio::test]
async fn the_tables_refuse_what_a_function_might_let_through() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let (seated, floor) = (seats(event, &["A-1-1"]), standing(event, 1));
    confirm(&database, &seated).await;
    confirm(&database, &floor).await;
    let booking = floor.booking_id;
    for (sqlstate, sql) in [
        (
            "23505",
            format!(
                "INSERT INTO boxoffice.tickets (event_id, seat, booking_id, section)
                 VALUES ('{event}', 'A-1-1', '{booking}', 'A')"
            ),
        ),
        ("23514", "UPDATE boxoffice.sections SET standing_sold = 101 WHERE name = 'FLOOR'".into()),
        ("23514", "UPDATE boxoffice.sections SET standing_sold = -1 WHERE name = 'FLOOR'".into()),
        ("23514", "UPDATE boxoffice.sections SET standing_sold = 1 WHERE name = 'A'".into()),
        ("23514", "UPDATE boxoffice.sections SET capacity = 0 WHERE name = 'FLOOR'".into()),
        ("23514", "UPDATE boxoffice.bookings SET confirmed_at = NULL".into()),
        ("23514", "UPDATE boxoffice.bookings SET amount = -1".into()),
        ("23503", "DELETE FROM boxoffice.bookings".into()),
    ] {
        match database.query(&sql, vec![]).await {
            Err(DatabaseError::Statement { sqlstate: got, .. }) => {
                assert_eq!(got, sqlstate, "{sql}")
            }
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_lock_that_is_not_given_in_time_is_a_transient_refusal() {
    let databases = TestDatabase::create().await;
    let (holder, waiter) = (databases.connect().await, databases.connect().await);
    let event = new_event(&holder).await;
    holder.execute("BEGIN").await;
    holder.execute("UPDATE boxoffice.sections SET price = 1 WHERE name = 'FLOOR'").await;
    waiter.execute("SET lock_timeout = '50ms'").await;
    let facts = standing(event, 1);
    let request =
        ledger::ConfirmBooking { booking: &facts, by: domain::booking::SoldBy::Organiser };
    let error = ledger::confirm_booking(&waiter, &request).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(error.to_string().contains("55P03"), "{error}");
    holder.execute("ROLLBACK").await;
    assert_eq!(confirm(&waiter, &facts).await, ledger::ConfirmOutcome::Confirmed);
}

#[tokio::test]
async fn a_wrong_parameter_type_is_refused_as_it_is_in_a_guest() {
    // Tests the tests: the client must be as strict as Spin's.
    let database = fresh().await;
    let error = database.query("SELECT $1::bigint", vec![Value::Text("1".to_owned())]).await;
    assert!(matches!(error, Err(DatabaseError::Unavailable(_))), "{error:?}");
    let null = database.query("SELECT $1::bigint", vec![Value::Null]).await.unwrap();
    assert_eq!(null, [[Value::Null]]);
}
