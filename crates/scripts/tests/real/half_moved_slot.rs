//! While a slot moves from one node to another, each with a part of the event's keys, a call is
//! refused or gives the right answer; it never takes a key that has gone ahead for a missing one.

use std::path::Path;
use std::time::Duration;

use cluster::Cluster;
use domain::booking::Booking;
use domain::id::{BookingId, EventId};
use domain::section::SectionName;
use scripts::{
    AdmitMode, AdmitUsers, Choice, ConfirmBooking, Error, EventUpdate, ExpireHolds, FinishOpening,
    Idempotency, JoinQueue, Journal, OpenEvent, Opening, PinHold, PinnedFor, PresentedPass,
    ReleaseReason, ReleaseSeats, Repair, ReserveSeats, RestoreBookings, SeatCounts, ShownProof,
    ShownReceipt, WithholdPlaces, keys,
};
use stack::{RedisCluster, RedisOptions};
use uuid::Uuid;

use crate::stage::{DEADLINE, Setup, Stage};
use native::{NativeTransport, connect};

/// Long enough for a few tries, short enough to meet every state of the move in a second.
const SHORT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_half_moved_event_gives_no_wrong_answer() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let redis = start(folder.path());
    let mut setup = Setup::with_queue();
    setup.rules.max_active = 1;
    // Nobody is taken for absent, however long the move takes: that would change an answer.
    setup.rules.abandon_after_ms = 86_400_000;
    let mut stage = Stage::open(connect(&redis.nodes()), setup).await;
    let rows = "
        bob joins                               -> waiting 1 at 1, new
        admit 1                                 -> 1 in, 0 wait, 1 active
        bob looks                               -> admitted 1
        bob reserves b1 seats A 1-1 key=k/f     -> held A-1-1
        pin b1                                  -> confirming A-1-1
        bob joins                               -> waiting 2 at 1, new
        admit 1                                 -> 1 in, 0 wait, 1 active
        bob looks                               -> admitted 2
        ann joins                               -> waiting 3 at 1, new
    ";
    stage.play("cluster", rows).await;
    let right = answers(&mut stage, DEADLINE).await;
    for (name, answer) in &right {
        assert!(answer.is_ok(), "{name}: {answer:?}");
    }

    let event = stage.event;
    let slot = text(&redis, 0, &["CLUSTER", "KEYSLOT", &keys::settings(event)]);
    let source = redis.master_of(slot.parse().unwrap()).unwrap();
    let target = (source + 1) % 3;
    let source_id = text(&redis, source, &["CLUSTER", "MYID"]);
    let target_id = text(&redis, target, &["CLUSTER", "MYID"]);
    redis.command(target, &["CLUSTER", "SETSLOT", &slot, "IMPORTING", &source_id]).unwrap();
    redis.command(source, &["CLUSTER", "SETSLOT", &slot, "MIGRATING", &target_id]).unwrap();
    let address = redis.nodes()[target].clone();
    let port = address.rsplit_once(':').unwrap().1;

    let mut refused = 0;
    for key in moving_keys(event) {
        refused += compare(&right, &answers(&mut stage, SHORT).await);
        let reply = redis.command(source, &["MIGRATE", "127.0.0.1", port, &key, "0", "5000"]);
        reply.unwrap();
    }
    refused += compare(&right, &answers(&mut stage, SHORT).await);
    assert!(refused > 0, "no call met the move");
    for node in [target, source] {
        redis.command(node, &["CLUSTER", "SETSLOT", &slot, "NODE", &target_id]).unwrap();
    }
    assert_eq!(compare(&right, &answers(&mut stage, DEADLINE).await), 0);
    stage.audit().await;
    stage.play("cluster", "bob reserves b2 seats A 1-1,1-2 -> seat_unavailable A-1-1").await;
    stage.play("cluster", "bob reserves b2 seats A 1-2 -> held A-1-2 | 18/2/0").await;
}

fn start(folder: &Path) -> RedisCluster {
    let options = RedisOptions { append_only: false, ..RedisOptions::default() };
    RedisCluster::start(&folder.join("redis"), &options).unwrap()
}

fn text(redis: &RedisCluster, node: usize, words: &[&str]) -> String {
    match redis.command(node, words).unwrap() {
        stack::Reply::Integer(number) => number.to_string(),
        reply => reply.text().to_owned(),
    }
}

/// Settings first: a script that read them as missing would say that the event is.
fn moving_keys(event: EventId) -> Vec<String> {
    keys::all(event, &["A".parse().unwrap()])
}

type Answers = Vec<(&'static str, Result<String, Error>)>;

/// Each answer is the right one, or no answer at all. Counts those that are none.
fn compare(right: &Answers, given: &Answers) -> usize {
    let mut refused = 0;
    for ((name, right), (_, given)) in right.iter().zip(given) {
        match given {
            Ok(_) => assert_eq!(given, right, "{name}"),
            Err(Error::Cluster(
                cluster::Error::Unavailable { .. }
                | cluster::Error::Deadline
                | cluster::Error::TooManyRedirects,
            )) => refused += 1,
            Err(error) => panic!("{name}: {error}"),
        }
    }
    refused
}

/// What does not differ between two answers to the same question: everything but times.
fn without_times(value: impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    let mut words: Vec<&str> = text.split(' ').collect();
    words.retain(|word| !(word.len() > 12 && word.bytes().any(|byte| byte.is_ascii_digit())));
    words.join(" ")
}

/// Calls every script of an event, all at once, with questions whose answers do not change by being
/// asked.
async fn answers(stage: &mut Stage, deadline: Duration) -> Answers {
    let (event, settings) = (stage.event, stage.setup.settings(1));
    let (ann, bob, cat) = (stage.user("ann"), stage.user("bob"), stage.user("cat"));
    let (booking, other) = (stage.booking("b1"), BookingId::new(event, Uuid::from_u128(1)));
    let pass = stage.passes[&bob].clone();
    let sections: [SectionName; 1] = ["A".parse().unwrap()];
    let section = &sections[0];
    let client: &Cluster<NativeTransport> = &stage.cluster;

    let open = OpenEvent { event, settings: &settings, opening: Opening::New, draw_count: Some(0) };
    let restore = RestoreBookings { event, settings: &settings, sold: true, bookings: &[] };
    let finish_open = FinishOpening {
        event,
        settings: &settings,
        number: 0,
        served: 0,
        grace_ms: 0,
        draw_count: Some(0),
    };
    let update = EventUpdate { version: 1, paused: Some(false), ..EventUpdate::default() };
    let seen = [ann];
    // Of another version, so that it changes nothing for the others.
    let withhold = WithholdPlaces { event, version: 7, keep_ms: 1, sections: &[] };
    let (receipt, proof) = (ShownReceipt::None, ShownProof::NotAsked);
    let join = JoinQueue {
        event,
        user: ann,
        block: None,
        receipt,
        proof,
        address: None,
        is_registered: false,
    };
    let admit = AdmitUsers { event, mode: AdmitMode::Manual, limit: 10, idempotency: None };
    let idempotency = Idempotency { entry: "k", fingerprint: "f" };
    let taken = Choice::Seats { section, seats: &[(1, 1)] };
    let reserve = ReserveSeats {
        user: bob,
        booking: other,
        pass: PresentedPass::Id(&pass),
        idempotency: None,
        choice: taken,
        contact: None,
        is_registered: false,
    };
    let replay = ReserveSeats { idempotency: Some(idempotency), ..reserve };
    let pin =
        PinHold { booking, section, grace_ms: 60_000, retake: None, pinned_for: PinnedFor::Buyer };
    let cancelled = Booking { booking_id: other, ..stage.holds[&booking].clone() };
    let drained = Journal::default();
    let confirm = ConfirmBooking { booking: other, section, lost: None };
    let release = ReleaseSeats { booking, section, reason: ReleaseReason::Released };
    let expire = ExpireHolds { event, sections: &sections, bookings: &[booking] };

    macro_rules! ask {
        ($($script:ident($($argument:expr),*)),+ $(,)?) => {{
            // On the heap: all together outgrow the stack of a test that is not optimised.
            let calls = futures_util::join!(
                $(Box::pin(scripts::$script(client, $($argument,)* deadline))),+
            );
            let ($($script),+) = calls;
            vec![$((stringify!($script), $script.map(without_times))),+]
        }};
    }
    let mut answers = ask!(
        open_event(&open),
        restore_bookings(&restore),
        finish_opening(&finish_open),
        retire_event(event, &settings, false, 1),
        trim_journal(event, &drained),
        update_event(event, &update),
        apply_sections(event, 1, &settings.sections),
        withhold_places(&withhold),
        read_event(event),
        read_map(event, section),
        join_queue(&join),
        watch_place(event, ann),
        leave_queue(event, cat),
        read_queue(event),
        admit_users(&admit),
        reserve_seats(&reserve),
        read_booking(booking),
        pin_hold(&pin),
        confirm_booking(&confirm),
        cancel_booking(&cancelled),
        release_seats(&release),
        list_due_holds(event, 10),
        expire_holds(&expire),
        read_journal(event, 10),
        sweep_answers(event, 60_000_000, 10),
        see_users(event, &seen),
        sweep_absent(event, 10),
    );
    let repair = Repair { event, generation: 1 };
    let free = SeatCounts { available: 0, held: 0, sold: 0 };
    let bookings = [booking.to_string()];
    let (places, counts, buyers, expiry, holders) = futures_util::join!(
        repair.seats(client, section, &[], deadline),
        repair.counts(client, section, free, free, deadline),
        repair.buyers(client, &[], deadline),
        repair.expiry(client, &bookings, deadline),
        scripts::scan_holders(client, event, deadline),
    );
    answers.extend([
        ("repair places", places.map(without_times)),
        ("repair counts", counts.map(without_times)),
        ("repair buyers", buyers.map(without_times)),
        ("repair expiry", expiry.map(without_times)),
        ("scan holders", holders.map(without_times)),
    ]);
    let replayed = scripts::reserve_seats(client, &replay, deadline).await;
    answers.push(("reserve_seats with a key", replayed.map(without_times)));
    answers
}
