//! An upgrade of a database of the release before, with data in it, while the application of that
//! release runs. `tests/release_before` has the functions and rights of that release; its tables
//! are those of the migrations up to [`LAST_MIGRATION`], which never change.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::booking::BookingStatus;
use domain::event::EventChange;
use domain::id::{BookingId, EventId};
use ledger::{
    CancelBookingOutcome, ConfirmOutcome, Database, DatabaseError, UpdateEventOutcome, Value,
    cancel_booking, find_booking, find_event, update_event,
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::support::{Connection, IN_TIME, NOW, SEED, TestDatabase, confirm, new_event, seats};

/// The last migration of the release before.
const LAST_MIGRATION: u32 = 6;
/// The last migration that writes a table anew. It came before anybody ran an application beside
/// it, and no other one may: see [`no_migration_writes_a_table_anew_under_an_application`].
const LAST_REWRITE: u32 = 7;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/release_before")
}

/// The schema of the release before, as `migrate` wants it, with migrations up to this one.
fn schema_of_the_release_before(last_migration: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let to = |place: &str| folder.path().join(place);
    fs::create_dir_all(to("migrations")).unwrap();
    for entry in fs::read_dir(stack::schema_folder().join("migrations")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let number = name.trim_start_matches('V').split("__").next().unwrap();
        if number.parse::<u32>().unwrap() <= last_migration {
            fs::copy(entry.path(), to("migrations").join(name)).unwrap();
        }
    }
    for area in stack::FUNCTION_AREAS {
        let place = to("functions").join(area);
        fs::create_dir_all(&place).unwrap();
        // An area that the release before did not have has no functions of it.
        let functions = fixture().join(format!("functions/{area}.sql"));
        if functions.exists() {
            fs::copy(functions, place.join("all.sql")).unwrap();
        }
    }
    fs::write(to("functions/dropped.txt"), "").unwrap();
    fs::copy(fixture().join("grants.sql"), to("grants.sql")).unwrap();
    folder
}

/// What an application of the release before does with the database, in the statements it has.
#[derive(Clone)]
struct OldApplication {
    connection: Connection,
    event: EventId,
}

/// A hold of one seat, as that application tells of it.
struct Hold {
    booking: BookingId,
    user: Uuid,
    seat: String,
}

impl OldApplication {
    async fn open(connection: Connection) -> Self {
        let event = EventId::from_uuid(Uuid::now_v7());
        let application = Self { connection, event };
        let wanted = r#"{
            "name": "Opening night", "description": "", "venue": "Arena",
            "starts_at": "2099-06-01T19:00:00Z", "ends_at": "2099-06-01T22:00:00Z",
            "on_sale_at": "2026-11-21T08:00:00Z", "currency": "EUR", "sale": {},
            "sections": [{"name": "A", "kind": "seated", "rows": 20, "seats_per_row": 30,
                "price": 5000}]}"#;
        let seed = domain::draw::seed_to_hex(&SEED);
        let parameters = vec![event.to_string().into(), wanted.into(), seed.into()];
        let created = application.ask(
            "SELECT outcome FROM boxoffice.create_event(\
                 $1::text::uuid, $2::text::jsonb, $3::text, $4::text, $5::text)",
            [parameters, vec![Value::Null, Value::Null]].concat(),
        );
        assert_eq!(created.await, "created");
        application
    }

    /// The first column of the one row.
    async fn ask(&self, statement: &str, parameters: Vec<Value>) -> String {
        let rows = self.connection.query(statement, parameters).await.unwrap();
        let [row] = &rows[..] else { panic!("{statement}: {rows:?}") };
        match &row[0] {
            Value::Text(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            other => panic!("{statement}: {other:?}"),
        }
    }

    fn hold(&self, number: u32) -> Hold {
        let seat = format!("A-{}-{}", number / 30 % 20 + 1, number % 30 + 1);
        Hold { booking: BookingId::new(self.event, Uuid::now_v7()), user: Uuid::now_v7(), seat }
    }

    /// The journal's entry of the hold.
    async fn drain(&self, hold: &Hold) {
        let text = |text: &str| Value::Texts(vec![text.to_owned()]);
        let number = |number: i64| Value::Integers(vec![number]);
        let parameters = vec![
            text("reserved"),
            text(&hold.booking.to_string()),
            text(&self.event.to_string()),
            text(&hold.user.to_string()),
            text("A"),
            text(&hold.seat),
            number(1),
            number(5000),
            text("EUR"),
            number(NOW.unix_ms()),
            number(IN_TIME.unix_ms()),
        ];
        let applied = self.ask(
            "SELECT applied FROM boxoffice.drain_journal($1::text[], $2::text[], $3::text[], \
                 $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::text[], \
                 $10::bigint[], $11::bigint[])",
            parameters,
        );
        assert_eq!(applied.await, "1");
    }

    async fn confirm(&self, hold: &Hold) -> String {
        let parameters = vec![
            hold.booking.to_string().into(),
            self.event.to_string().into(),
            hold.user.to_string().into(),
            "A".into(),
            Value::Texts(vec![hold.seat.clone()]),
            1_i64.into(),
            5000_i64.into(),
            "EUR".into(),
            NOW.unix_ms().into(),
            IN_TIME.unix_ms().into(),
            Value::Null,
        ];
        self.ask(
            "SELECT outcome FROM boxoffice.confirm_booking($1::text, $2::text::uuid, \
                 $3::text::uuid, $4::text, $5::text[], $6::bigint, $7::bigint, $8::text, \
                 $9::bigint, $10::bigint, $11::text)",
            parameters,
        )
        .await
    }

    async fn state(&self, booking: BookingId) -> String {
        let statement = "SELECT status, booking_id, event_id, user_id, section, seats, quantity, \
             amount, currency, expires_at_ms, created_at_ms FROM boxoffice.find_booking($1::text)";
        self.ask(statement, vec![booking.to_string().into()]).await
    }

    /// One step after the other, of each kind: nothing may fail.
    async fn work(&self, number: u32) {
        let hold = self.hold(number);
        self.drain(&hold).await;
        let sold = self.confirm(&hold).await;
        assert!(["confirmed", "seat_sold"].contains(&sold.as_str()), "{sold}");
        let state = self.state(hold.booking).await;
        assert!(["confirmed", "expired"].contains(&state.as_str()), "{state}");
        let event = || vec![self.event.to_string().into()];
        let found = "SELECT document FROM boxoffice.find_event($1::text::uuid)";
        assert!(self.ask(found, event()).await.contains("Opening night"));
        let listed = "SELECT document FROM \
             boxoffice.list_events($1::bigint, $2::text::uuid, $3::boolean)";
        let page = vec![1_i64.into(), Value::Null, true.into()];
        assert!(self.ask(listed, page).await.contains("Opening night"));
        let changed = "SELECT outcome, document FROM \
             boxoffice.update_event($1::text::uuid, $2::text::jsonb)";
        let change = format!(r#"{{"paused": {}}}"#, number.is_multiple_of(2));
        let change = [event(), vec![change.as_str().into()]].concat();
        assert_eq!(self.ask(changed, change).await, "updated");
    }

    /// Works until it is told to stop.
    fn start(&self) -> Running {
        let stopped = Arc::new(AtomicBool::new(false));
        let (counter, rounds) = watch::channel(0);
        let (application, until) = (self.clone(), Arc::clone(&stopped));
        let working = tokio::spawn(async move {
            // Seats that the data of the tests does not have.
            for number in 30.. {
                if until.load(Ordering::SeqCst) {
                    break;
                }
                application.work(number).await;
                counter.send_replace(number);
            }
        });
        Running { stopped, rounds, working }
    }
}

struct Running {
    stopped: Arc<AtomicBool>,
    rounds: watch::Receiver<u32>,
    working: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Waits until every step was done once more from beginning to end.
    async fn goes_round(&self) {
        let mut rounds = self.rounds.clone();
        let before = *rounds.borrow();
        // The round that is under way may have begun before.
        rounds.wait_for(|now| *now >= before + 2).await.expect("the application goes on");
    }

    async fn stop(self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.working.await.expect("no step failed");
    }
}

/// A call of each step of the release before, with nothing, that reads every column of its result.
async fn calls(owner: &Connection) -> Vec<String> {
    let grants = fs::read_to_string(fixture().join("grants.sql")).unwrap();
    let (_, list) = grants.split_once("steps CONSTANT text[] := ARRAY[").unwrap();
    let names: Vec<&str> = list.split_once(']').unwrap().0.split('\'').skip(1).step_by(2).collect();
    let all = format!(
        "SELECT format('SELECT %s FROM boxoffice.%I(%s)',
                (SELECT string_agg(format('(%I)::text', name), ', ' ORDER BY number)
                FROM unnest(coalesce(t.columns, ARRAY[p.proname::text]))
                    WITH ORDINALITY AS c (name, number)),
                p.proname,
                (SELECT string_agg('NULL::' || format_type(kind, NULL), ', ' ORDER BY number)
                FROM unnest(p.proargtypes) WITH ORDINALITY AS a (kind, number)))
        FROM pg_proc AS p
        LEFT JOIN LATERAL (
            SELECT array_agg(name ORDER BY number) AS columns FROM (
                SELECT name, number FROM unnest(p.proargnames, p.proargmodes)
                    WITH ORDINALITY AS a (name, mode, number) WHERE mode IN ('o', 'b', 't')
                UNION ALL
                SELECT attname::text, attnum FROM pg_type AS composite
                JOIN pg_attribute ON attrelid = composite.typrelid AND attnum > 0
                WHERE composite.oid = p.prorettype AND composite.typrelid <> 0
            ) AS every
        ) AS t ON true
        WHERE p.pronamespace = 'boxoffice'::regnamespace AND p.proname = ANY ('{{{}}}')
        ORDER BY p.oid::regprocedure::text",
        names.join(",")
    );
    let found = owner.texts(&all).await;
    assert!(found.len() >= names.len(), "{found:?}");
    found
}

/// Why Postgres does not even begin with a call; what it says of the values is another matter.
async fn refusal(application: &Connection, call: &str) -> Option<String> {
    match application.query(call, vec![]).await {
        // Insufficient privilege, unknown column, unknown or ambiguous function, wrong type.
        Err(DatabaseError::Statement { sqlstate, message }) if sqlstate.starts_with("42") => {
            Some(format!("{call}: {message}"))
        }
        Err(error @ DatabaseError::Unavailable(_)) => panic!("{call}: {error:?}"),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_application_works_while_and_after_its_database_is_upgraded() {
    let old = schema_of_the_release_before(LAST_MIGRATION);
    let database = TestDatabase::with_schema(old.path());
    let application = OldApplication::open(database.connect_as_application().await).await;
    let (held, sold) = (application.hold(0), application.hold(1));
    application.drain(&held).await;
    assert_eq!(application.confirm(&sold).await, "confirmed");
    let rewritten = schema_of_the_release_before(LAST_REWRITE);
    stack::migrate(database.url(), rewritten.path()).unwrap();
    let running = application.start();
    running.goes_round().await;

    let migrated = stack::migrate(database.url(), &stack::schema_folder()).unwrap();
    assert!(migrated.functions && migrated.migrations > 0, "{migrated:?}");
    running.goes_round().await;

    // The new application beside it, with what the old one has stored and still stores.
    let new = database.connect_as_application().await;
    let stored = find_event(&new, application.event).await.unwrap().expect("the event");
    assert_eq!((stored.name.as_str(), stored.sections.len()), ("Opening night", 1));
    assert_eq!(status(&new, held.booking).await, BookingStatus::Reserved);
    assert_eq!(status(&new, sold.booking).await, BookingStatus::Confirmed);
    let again = seats(application.event, &[&sold.seat]);
    assert_eq!(confirm(&new, &again).await, ConfirmOutcome::SeatSold);
    let cancelled = cancel_booking(&new, sold.booking, false).await.unwrap();
    assert!(matches!(cancelled, CancelBookingOutcome::Cancelled), "{cancelled:?}");
    let free_again = seats(application.event, &[&sold.seat]);
    assert_eq!(confirm(&new, &free_again).await, ConfirmOutcome::Confirmed);
    let change = EventChange { name: Some("Opening night!".to_owned()), ..EventChange::default() };
    let changed = update_event(&new, application.event, &change, None).await.unwrap();
    assert!(matches!(changed, UpdateEventOutcome::Updated(_)));
    // And the old one with what the new one has stored.
    let event = new_event(&new).await;
    let new_sale = seats(event, &["A-1-1"]);
    assert_eq!(confirm(&new, &new_sale).await, ConfirmOutcome::Confirmed);
    assert_eq!(application.state(new_sale.booking_id).await, "confirmed");
    assert_eq!(application.state(sold.booking).await, "cancelled");
    assert_eq!(application.confirm(&held).await, "confirmed");
    running.goes_round().await;
    running.stop().await;
}

async fn status(database: &Connection, booking: BookingId) -> BookingStatus {
    find_booking(database, booking).await.unwrap().expect("the booking").status
}

#[tokio::test]
async fn every_step_of_the_release_before_can_be_called_after_the_upgrade() {
    let old = schema_of_the_release_before(LAST_MIGRATION);
    let database = TestDatabase::with_schema(old.path());
    let owner = database.connect().await;
    let application = database.connect_as_application().await;
    let calls = calls(&owner).await;
    for call in &calls {
        assert_eq!(refusal(&application, call).await, None, "before the upgrade");
    }
    stack::migrate(database.url(), &stack::schema_folder()).unwrap();
    let mut refused = Vec::new();
    for call in &calls {
        refused.extend(refusal(&application, call).await);
    }
    assert_eq!(refused, Vec::<String>::new());
}

/// To a statement that began before, a table that was written anew is empty: an event would not be
/// found, and its payments would be a stranger's.
#[tokio::test]
async fn no_migration_writes_a_table_anew_under_an_application() {
    let old = schema_of_the_release_before(LAST_REWRITE);
    let database = TestDatabase::with_schema(old.path());
    let refuse = "CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql
            AS 'BEGIN RAISE ''% is written anew'', pg_event_trigger_table_rewrite_oid()::regclass;
            END';
        CREATE EVENT TRIGGER refuse ON table_rewrite EXECUTE FUNCTION public.refuse()";
    database.connect().await.execute(refuse).await;
    let migrated = stack::migrate(database.url(), &stack::schema_folder());
    assert!(migrated.is_ok(), "{migrated:?}");
}
