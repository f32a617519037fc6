//! The door: a ticket admits once, at one gate, ever.

use std::collections::BTreeSet;

use domain::id::EventId;
use domain::part::Part;
use domain::ticket::{ScanResult, Ticket, TicketId, TicketStatus};
use ledger::{
    CancelBookingOutcome, CheckIn, CheckInCounts, CheckInOutcome, GiveUpPart, GiveUpPartOutcome,
    ScanRequest, cancel_booking, check_in, checkin_counts, name_ticket_holder,
};

use crate::support::{Connection, TestDatabase, fresh, new_event, new_event_id, seats, standing};
use crate::tickets::{sold, tickets_of};

/// Gates that scan at the same moment.
const GATES: usize = 50;

/// A scan without a key.
fn scan<'a>(event: EventId, ticket: &'a TicketId, gate: &'a str) -> CheckIn<'a> {
    CheckIn { event, ticket: Some(ticket), gate, undo: false, request: None }
}

/// What became of it, and the ticket, from an answer that was not given before.
async fn show(database: &Connection, scan: &CheckIn<'_>) -> (ScanResult, Option<Ticket>) {
    match check_in(database, scan).await.unwrap() {
        CheckInOutcome::Scanned { result, ticket, is_replayed: false } => {
            (result, ticket.map(|ticket| *ticket))
        }
        other => panic!("{other:?}"),
    }
}

/// The results on record, in their order.
async fn record(database: &Connection) -> Vec<String> {
    database.texts("SELECT result || ' ' || gate FROM boxoffice.scans ORDER BY id").await
}

#[tokio::test]
async fn fifty_gates_at_once_admit_one_bearer() {
    let databases = TestDatabase::create().await;
    let database = databases.connect().await;
    let event = new_event(&database).await;
    let tickets = sold(&database, &standing(event, 4)).await;
    let connections = databases.connect_many(GATES).await;
    for ticket in tickets {
        let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(GATES));
        let tasks = connections.iter().cloned().enumerate().map(|(number, gate)| {
            let (barrier, id) = (barrier.clone(), ticket.ticket_id.clone());
            tokio::spawn(async move {
                barrier.wait().await;
                show(&gate, &scan(event, &id, &format!("gate {number}"))).await
            })
        });
        let mut results = Vec::new();
        for task in tasks.collect::<Vec<_>>() {
            results.push(task.await.unwrap());
        }
        let admitted: Vec<_> =
            results.iter().filter(|(result, _)| *result == ScanResult::Admitted).collect();
        assert_eq!(admitted.len(), 1, "{results:?}");
        let rest = results.iter().filter(|(result, _)| *result == ScanResult::AlreadyUsed);
        assert_eq!(rest.count(), GATES - 1);
        // All are told when and where.
        let uses: BTreeSet<_> = results
            .iter()
            .map(|(_, ticket)| {
                let ticket = ticket.as_ref().expect("a ticket");
                assert_eq!(ticket.status, TicketStatus::Used);
                (ticket.used_at.map(|at| at.unix_ms()), ticket.used_gate.clone())
            })
            .collect();
        assert_eq!(uses.len(), 1, "{uses:?}");
        let (at, gate) = uses.first().cloned().expect("one");
        assert!(at.is_some() && gate.is_some_and(|gate| gate.starts_with("gate ")));
    }
    let counts = checkin_counts(&database, event).await.unwrap();
    assert_eq!(counts, Some(CheckInCounts { sold: 4, admitted: 4, cancelled: 0 }));
    assert_eq!(record(&database).await.len(), 4 * GATES);
}

#[tokio::test]
async fn what_admits_nobody_is_refused_and_says_why() {
    let database = fresh().await;
    let (event, other) = (new_event(&database).await, new_event(&database).await);
    let booking = seats(event, &["A-1-1"]);
    let ticket = sold(&database, &booking).await.remove(0);
    let id = &ticket.ticket_id;
    assert_eq!(
        show(&database, &scan(other, id, "w")).await,
        (ScanResult::WrongEvent, Some(ticket.clone()))
    );
    let unknown = "0123456789ab".parse().unwrap();
    assert_eq!(show(&database, &scan(event, &unknown, "u")).await, (ScanResult::Unknown, None));
    let nothing = CheckIn { ticket: None, ..scan(event, id, "") };
    assert_eq!(show(&database, &nothing).await, (ScanResult::Unknown, None));
    let nowhere = check_in(&database, &scan(new_event_id(), id, "")).await;
    assert_eq!(nowhere, Ok(CheckInOutcome::EventMissing));

    cancel_booking(&database, booking.booking_id, false).await.unwrap();
    let (result, shown) = show(&database, &scan(event, id, "c")).await;
    assert_eq!(result, ScanResult::Cancelled);
    assert_eq!(shown.map(|ticket| ticket.status), Some(TicketStatus::Cancelled));
    // The seat is sold again: the old ticket is no better for it, and the new one is good.
    let again = sold(&database, &seats(event, &["A-1-1"])).await.remove(0);
    assert_eq!(show(&database, &scan(event, id, "c")).await.0, ScanResult::Cancelled);
    assert_eq!(show(&database, &scan(event, &again.ticket_id, "a")).await.0, ScanResult::Admitted);
    // What is unknown is not on record: there is nothing to tell of it.
    assert_eq!(
        record(&database).await,
        ["wrong_event w", "cancelled c", "cancelled c", "admitted a"]
    );
    let counts = checkin_counts(&database, event).await.unwrap();
    assert_eq!(counts, Some(CheckInCounts { sold: 1, admitted: 1, cancelled: 1 }));
    assert_eq!(checkin_counts(&database, new_event_id()).await, Ok(None));
}

#[tokio::test]
async fn an_admission_is_taken_back_on_record() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let booking = seats(event, &["A-1-1"]);
    let ticket = sold(&database, &booking).await.remove(0);
    let at = |gate, undo| CheckIn { undo, ..scan(event, &ticket.ticket_id, gate) };
    assert_eq!(show(&database, &at("1", true)).await, (ScanResult::NotUsed, Some(ticket.clone())));
    assert_eq!(show(&database, &at("2", false)).await.0, ScanResult::Admitted);
    assert_eq!(show(&database, &at("3", true)).await, (ScanResult::Undone, Some(ticket.clone())));
    assert_eq!(tickets_of(&database, &booking).await, std::slice::from_ref(&ticket));
    assert_eq!(show(&database, &at("4", true)).await.0, ScanResult::NotUsed);
    let (result, used) = show(&database, &at("5", false)).await;
    assert_eq!(
        (result, used.and_then(|it| it.used_gate)),
        (ScanResult::Admitted, Some("5".to_owned()))
    );
    // One that was cancelled after its use stays cancelled when the use is taken back.
    cancel_booking(&database, booking.booking_id, false).await.unwrap();
    assert_eq!(show(&database, &at("6", true)).await.0, ScanResult::Undone);
    assert_eq!(show(&database, &at("7", false)).await.0, ScanResult::Cancelled);
    let expected = [
        "not_used 1",
        "admitted 2",
        "undone 3",
        "not_used 4",
        "admitted 5",
        "undone 6",
        "cancelled 7",
    ];
    assert_eq!(record(&database).await, expected);
    // Nobody changes the record, not even its owner.
    for change in [
        "UPDATE boxoffice.scans SET gate = ''",
        "DELETE FROM boxoffice.scans",
        "TRUNCATE boxoffice.scans",
    ] {
        let refused = ledger::Database::query(&database, change, Vec::new()).await;
        assert!(refused.is_err(), "{change}");
    }
    assert_eq!(record(&database).await, expected);
}

#[tokio::test]
async fn the_same_request_has_the_same_answer_and_one_effect() {
    let databases = TestDatabase::create().await;
    let database = databases.connect_as_application().await;
    let event = new_event(&database).await;
    let booking = seats(event, &["A-1-1", "A-1-2"]);
    let tickets = sold(&database, &booking).await;
    let request = |entry, fingerprint| Some(ScanRequest { entry, fingerprint });
    let first = CheckIn { request: request("k1", "a"), ..scan(event, &tickets[0].ticket_id, "N") };

    // At the same moment, as after a lost answer.
    let tasks = databases.connect_many(20).await.into_iter().map(|gate| {
        let id = tickets[0].ticket_id.clone();
        tokio::spawn(async move {
            let request = Some(ScanRequest { entry: "k1", fingerprint: "a" });
            let scan = CheckIn { request, ..scan(event, &id, "N") };
            check_in(&gate, &scan).await.unwrap()
        })
    });
    let mut answers = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        answers.push(task.await.unwrap());
    }
    let mut made = 0;
    let mut said = Vec::new();
    for answer in answers {
        let CheckInOutcome::Scanned { result, ticket, is_replayed } = answer else { panic!() };
        made += u32::from(!is_replayed);
        said.push((result, ticket));
    }
    assert_eq!(made, 1);
    assert_eq!(said[0].0, ScanResult::Admitted);
    assert!(said.iter().all(|it| *it == said[0]), "{said:?}");

    // Whatever has changed since, it is the same answer.
    name_ticket_holder(&database, &tickets[0].ticket_id, booking.user_id, "Ada").await.unwrap();
    let undo = CheckIn { undo: true, request: request("k2", "b"), ..first };
    assert_eq!(show(&database, &undo).await.0, ScanResult::Undone);
    let again = check_in(&database, &first).await.unwrap();
    let (result, ticket) = said.remove(0);
    assert_eq!(again, CheckInOutcome::Scanned { result, ticket, is_replayed: true });
    let counts = checkin_counts(&database, event).await.unwrap().expect("an event");
    assert_eq!(counts.admitted, 0, "the repetition admits nobody");

    // The key belongs to the first request.
    let other = CheckIn { request: request("k1", "c"), ..scan(event, &tickets[1].ticket_id, "N") };
    assert_eq!(check_in(&database, &other).await, Ok(CheckInOutcome::RequestReused));
    // For a day.
    let owner = databases.connect().await;
    owner
        .execute(
            "ALTER TABLE boxoffice.scans DISABLE TRIGGER ALL;
             UPDATE boxoffice.scans SET scanned_at = scanned_at - interval '25 hours';
             ALTER TABLE boxoffice.scans ENABLE TRIGGER ALL",
        )
        .await;
    assert_eq!(show(&database, &other).await.0, ScanResult::Admitted);
}

/// A cancellation that is about to commit is waited for.
#[tokio::test]
async fn what_somebody_is_in_with_is_not_cancelled_by_its_owner() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let (seated, places) = (seats(event, &["A-1-1", "A-1-2"]), standing(event, 3));
    let seats = sold(&database, &seated).await;
    let standing = sold(&database, &places).await;
    let last = standing.last().expect("a ticket");
    for ticket in [&seats[0], last] {
        let scan = scan(event, &ticket.ticket_id, "N");
        assert_eq!(show(&database, &scan).await.0, ScanResult::Admitted);
    }
    for booking in [seated.booking_id, places.booking_id] {
        let cancelled = cancel_booking(&database, booking, true).await.unwrap();
        assert_eq!(cancelled, CancelBookingOutcome::OwnerTooLate);
    }
    let give_up = async |booking, part: Part| {
        let request = GiveUpPart { booking, by_owner: true, part: &part, multiple_of: 1 };
        ledger::give_up_part(&database, &request).await.unwrap()
    };
    let seat = |id: &str| Part::Seats(vec![id.parse().expect("a seat")]);
    let (too_late, given_up) = (GiveUpPartOutcome::OwnerTooLate, GiveUpPartOutcome::GivenUp);
    assert_eq!(give_up(seated.booking_id, seat("A-1-1")).await, too_late);
    assert_eq!(give_up(seated.booking_id, seat("A-1-2")).await, given_up);
    assert_eq!(give_up(places.booking_id, Part::Quantity(3)).await, too_late);
    assert_eq!(give_up(places.booking_id, Part::Quantity(2)).await, given_up);
    // Of those that are alike the unused ones went.
    let left = "SELECT ticket_id FROM boxoffice.tickets WHERE seat NOT LIKE 'A-%'";
    assert_eq!(database.texts(left).await, [last.ticket_id.to_string()]);
    let by_staff = cancel_booking(&database, places.booking_id, false).await.unwrap();
    assert_eq!(by_staff, CancelBookingOutcome::Cancelled);
}

#[tokio::test]
async fn nothing_is_cancelled_while_somebody_is_let_in_with_it() {
    let databases = TestDatabase::create().await;
    let database = databases.connect().await;
    let event = new_event(&database).await;
    let gate = databases.connect().await;
    gate.execute("BEGIN").await;
    let mut bookings = Vec::new();
    for _ in 0..2 {
        let facts = standing(event, 2);
        let id = sold(&database, &facts).await.remove(0).ticket_id;
        let scan = format!("'{event}', '{id}', 'N', false, NULL, NULL");
        gate.execute(&format!("SELECT boxoffice.check_in({scan})")).await;
        bookings.push(facts.booking_id);
    }
    let (whole, part) = (bookings[0], bookings[1]);
    let (cancelling, giving_up) = (databases.connect().await, databases.connect().await);
    let cancelled = tokio::spawn(async move { cancel_booking(&cancelling, whole, true).await });
    let given_up = tokio::spawn(async move {
        let all = &Part::Quantity(2);
        let request = GiveUpPart { booking: part, by_owner: true, part: all, multiple_of: 1 };
        ledger::give_up_part(&giving_up, &request).await
    });
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    // One that is over has not waited.
    let is_over = || cancelled.is_finished() || given_up.is_finished();
    while !is_over() && database.number(waiting).await < 2 {
        tokio::task::yield_now().await;
    }
    gate.execute("COMMIT").await;
    assert_eq!(cancelled.await.unwrap().unwrap(), CancelBookingOutcome::OwnerTooLate);
    assert_eq!(given_up.await.unwrap().unwrap(), GiveUpPartOutcome::OwnerTooLate);
}

#[tokio::test]
async fn nobody_is_admitted_while_the_ticket_is_being_cancelled() {
    let databases = TestDatabase::create().await;
    let database = databases.connect().await;
    let event = new_event(&database).await;
    let ticket = sold(&database, &standing(event, 1)).await.remove(0);
    let canceller = databases.connect().await;
    let id = ticket.ticket_id.clone();
    canceller
        .execute(&format!("BEGIN; DELETE FROM boxoffice.tickets WHERE ticket_id = '{id}'"))
        .await;
    let gate = databases.connect().await;
    let shown = tokio::spawn(async move { show(&gate, &scan(event, &id, "N")).await.0 });
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while !shown.is_finished() && database.number(waiting).await == 0 {
        tokio::task::yield_now().await;
    }
    canceller.execute("COMMIT").await;
    assert_eq!(shown.await.unwrap(), ScanResult::Cancelled);
    assert_eq!(database.number("SELECT count(*) FROM boxoffice.admissions").await, 0);
}
