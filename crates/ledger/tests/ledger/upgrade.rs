//! What an application that runs meanwhile sees of an upgrade: the old functions or the new ones,
//! and always the right to call them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::event::EventChange;
use ledger::{
    ConfirmOutcome, UpdateEventOutcome, find_booking, find_event, list_events, update_event,
};
use tokio::sync::watch;

use crate::support::{Connection, TestDatabase, confirm, new_event, seats};

/// The schema of a later release: a copy that a test changes.
struct Release {
    folder: tempfile::TempDir,
}

impl Release {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&stack::schema_folder(), folder.path());
        Self { folder }
    }

    fn path(&self, place: &str) -> PathBuf {
        self.folder.path().join(place)
    }

    fn add(&self, place: &str, text: &str) {
        fs::write(self.path(place), text).unwrap();
    }

    /// Replaces what occurs once in a file.
    fn change(&self, place: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(place)).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{from} in {place}");
        self.add(place, &text.replacen(from, to, 1));
    }

    /// Each function is another one than before, and does the same.
    fn touch_every_function(&self, mark: u32) {
        for area in stack::FUNCTION_AREAS {
            for entry in fs::read_dir(self.path("functions").join(area)).unwrap() {
                let path = entry.unwrap().path();
                let text = fs::read_to_string(&path).unwrap();
                let text = text.replacen("AS $body$", &format!("AS $body$ -- {mark}"), 1);
                fs::write(&path, text).unwrap();
            }
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = entry.map(|it| (it.path(), to.join(it.file_name()))).unwrap();
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).unwrap();
        }
    }
}

/// An application of this release, which calls the database again and again.
struct OldApplication {
    stopped: Arc<AtomicBool>,
    rounds: watch::Receiver<u32>,
    running: tokio::task::JoinHandle<()>,
}

impl OldApplication {
    async fn start(database: &TestDatabase) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let connection = database.connect_as_application().await;
        let event = new_event(&connection).await;
        let (counter, rounds) = watch::channel(0);
        let until = Arc::clone(&stopped);
        let running = tokio::spawn(async move {
            while !until.load(Ordering::SeqCst) {
                let number = *counter.borrow();
                work(&connection, event, number).await;
                counter.send_replace(number + 1);
            }
        });
        Self { stopped, rounds, running }
    }

    /// Waits until everything was called once more from beginning to end.
    async fn goes_round(&self) {
        let mut rounds = self.rounds.clone();
        let before = *rounds.borrow();
        // The round that is under way may have begun before.
        rounds.wait_for(|now| *now >= before + 2).await.expect("the application goes on");
    }

    async fn stop(self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.running.await.expect("no call failed");
    }
}

/// One call after the other, of each kind: nothing may fail.
async fn work(connection: &Connection, event: domain::id::EventId, number: u32) {
    let seat = format!("A-{}-{}", number / 30 % 20 + 1, number % 30 + 1);
    let facts = seats(event, &[&seat]);
    let sold = confirm(connection, &facts).await;
    assert!(matches!(sold, ConfirmOutcome::Confirmed | ConfirmOutcome::SeatSold), "{sold:?}");
    find_booking(connection, facts.booking_id).await.unwrap().expect("the booking");
    find_event(connection, event).await.unwrap().expect("the event");
    let page = ledger::ListEvents { limit: 2, cursor: None, active_only: true };
    assert!(!list_events(connection, &page).await.unwrap().events.is_empty());
    let change = EventChange { paused: Some(number.is_multiple_of(2)), ..EventChange::default() };
    let changed = update_event(connection, event, &change, None).await.unwrap();
    assert!(matches!(changed, UpdateEventOutcome::Updated(_)));
}

/// Everything about the functions: their bodies, who owns them, who may call them.
async fn functions(database: &Connection) -> Vec<String> {
    let all = "SELECT pg_get_functiondef(p.oid) || p.proacl::text FROM pg_proc AS p
        WHERE p.pronamespace = 'boxoffice'::regnamespace ORDER BY 1";
    database.texts(all).await
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_go_on_while_every_function_is_replaced() {
    let database = TestDatabase::create().await;
    let owner = database.connect().await;
    let application = OldApplication::start(&database).await;
    let release = Release::new();
    for mark in 1..=5 {
        application.goes_round().await;
        release.touch_every_function(mark);
        let before = functions(&owner).await;
        let migrated = stack::migrate(database.url(), release.folder.path()).unwrap();
        assert_eq!((migrated.migrations, migrated.functions), (0, true));
        assert!(functions(&owner).await != before, "they are the old ones");
    }
    application.goes_round().await;
    application.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_goes_on_after_an_upgrade_to_a_later_release() {
    let database = TestDatabase::create().await;
    let owner = database.connect().await;
    let application = OldApplication::start(&database).await;
    application.goes_round().await;

    let release = Release::new();
    // A column more, in a table with data in it.
    release.add(
        "migrations/V101__colours.sql",
        "ALTER TABLE boxoffice.events ADD COLUMN colour text NOT NULL DEFAULT 'red';",
    );
    // A step takes a parameter more.
    release.change("functions/events/find_event.sql", "(p_event uuid)", "(p_event uuid, p_x text)");
    // A step gives a column more, which Postgres cannot replace.
    let (from, to) = ("RETURNS TABLE (document text)", "RETURNS TABLE (document text, n bigint)");
    release.change("functions/events/list_events.sql", from, to);
    release.change(
        "functions/events/list_events.sql",
        "SELECT event_document(event) FROM",
        "SELECT event_document(event), 7::bigint FROM",
    );
    // A step and a helper are gone; another step is only called by other functions now.
    fs::remove_file(release.path("functions/events/update_event.sql")).unwrap();
    fs::remove_file(release.path("functions/bookings/sell_booking.sql")).unwrap();
    release.change("grants.sql", ", 'update_event'", "");
    release.change("grants.sql", "'sell_booking', ", "");
    release.change("grants.sql", "'read_booking', ", "");
    release.change("grants.sql", "ARRAY[]", "ARRAY['read_booking']");
    stack::migrate(database.url(), release.folder.path()).unwrap();
    application.goes_round().await;
    let new = database.connect_as_application().await;
    assert_eq!(new.number("SELECT n FROM boxoffice.list_events(1, NULL, false)").await, 7);
    new.execute("SELECT boxoffice.find_event(NULL::uuid, 'x')").await;
    application.stop().await;

    // One release later nobody calls the old ones.
    release.change("grants.sql", "ARRAY['read_booking']", "ARRAY[]");
    release.change("grants.sql", "'instant', ", "'instant', 'read_booking', ");
    release.add("functions/dropped.txt", "# Old.\nupdate_event(uuid, jsonb)\nfind_event(uuid)\n");
    stack::migrate(database.url(), release.folder.path()).unwrap();
    let left = "SELECT p.oid::regprocedure::text FROM pg_proc AS p
        WHERE p.pronamespace = 'boxoffice'::regnamespace
            AND p.proname IN ('update_event', 'find_event', 'list_events', 'being_replaced')
        ORDER BY 1";
    assert_eq!(
        owner.texts(left).await,
        ["find_event(uuid,text)", "list_events(bigint,uuid,boolean)"]
    );
    let may = "SELECT has_function_privilege('boxoffice_app', 'boxoffice.read_booking(text)',
        'EXECUTE')::integer::bigint";
    assert_eq!(owner.number(may).await, 0);
}

/// Beside an application that reads the old columns by their names, a result may only grow at its
/// end.
#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_that_takes_columns_from_a_result_changes_nothing() {
    let database = TestDatabase::create().await;
    let owner = database.connect().await;
    let before = functions(&owner).await;
    let (list, result) = ("functions/events/list_events.sql", "RETURNS TABLE (document text)");
    for (step, from, to) in [
        (list, result, "RETURNS TABLE (n bigint, document text)"),
        (list, result, "RETURNS TABLE (document_text text)"),
        (list, result, "RETURNS TABLE (document json)"),
        (list, result, "RETURNS bigint"),
        ("functions/events/create_event.sql", "OUT outcome text, ", ""),
        ("functions/worker/events_to_serve.sql", "TABLE (event_id text)", "text"),
    ] {
        let release = Release::new();
        release.touch_every_function(1);
        release.change(step, from, to);
        let refused = stack::migrate(database.url(), release.folder.path());
        assert!(format!("{refused:?}").contains("Add columns at the end"), "{to}: {refused:?}");
        assert!(functions(&owner).await == before, "{to}: some are new");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_that_is_killed_changes_nothing() {
    let database = TestDatabase::create().await;
    let (owner, holder) = (database.connect().await, database.connect().await);
    let before = functions(&owner).await;
    let release = Release::new();
    release.touch_every_function(1);

    // It waits in the middle: another session has changed one of the functions.
    holder.execute("BEGIN; ALTER FUNCTION boxoffice.read_booking COST 7").await;
    let (url, folder) = (database.url().to_owned(), release.folder.path().to_owned());
    let upgrade = tokio::task::spawn_blocking(move || stack::migrate(&url, &folder));
    let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while owner.number(kill).await == 0 {
        assert!(!upgrade.is_finished(), "it did not wait");
        tokio::task::yield_now().await;
    }
    assert!(upgrade.await.unwrap().is_err());
    holder.execute("ROLLBACK").await;
    assert!(functions(&owner).await == before, "some are new");

    // Nothing of it was noted either, so the next one applies it.
    assert!(stack::migrate(database.url(), release.folder.path()).unwrap().functions);
    assert!(functions(&owner).await != before, "they are the old ones");
}

#[tokio::test]
async fn two_upgrades_at_once_apply_each_migration_once() {
    let database = TestDatabase::create().await;
    let release = Release::new();
    release.add("migrations/V101__once.sql", "CREATE TABLE boxoffice.once (a integer);");
    let folder = release.folder.path();
    let upgrade = || stack::migrate(database.url(), folder).unwrap().migrations;
    let applied = std::thread::scope(|scope| {
        let upgrades = [scope.spawn(upgrade), scope.spawn(upgrade), scope.spawn(upgrade)];
        upgrades.map(|it| it.join().unwrap()).into_iter().sum::<usize>()
    });
    assert_eq!(applied, 1);
}

#[tokio::test]
async fn every_function_is_understood_by_postgres() {
    // They are applied without a look at their bodies, because they call each other in any order.
    let owner = TestDatabase::create().await.connect().await;
    owner
        .execute(
            "SET check_function_bodies = on;
             DO $$
             DECLARE
                 v_function pg_proc;
                 v_nothing text;
             BEGIN
                 FOR v_function IN SELECT p.* FROM pg_proc AS p
                     WHERE p.pronamespace = 'boxoffice'::regnamespace
                 LOOP
                     EXECUTE pg_get_functiondef(v_function.oid);
                     CONTINUE WHEN v_function.prorettype = 'trigger'::regtype;
                     -- Most refuse to do anything with it; to do so, they are planned.
                     SELECT string_agg('NULL::' || format_type(kind, NULL), ', ')
                     INTO v_nothing FROM unnest(v_function.proargtypes) AS kind;
                     BEGIN
                         EXECUTE format('SELECT boxoffice.%I(%s)', v_function.proname, v_nothing);
                     EXCEPTION WHEN integrity_constraint_violation OR no_data_found THEN
                         NULL;
                     END;
                 END LOOP;
             END $$",
        )
        .await;
}
