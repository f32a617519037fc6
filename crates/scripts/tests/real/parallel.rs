//! The same step many times at once, on the cluster, from several clients.

use std::future::Future;

use cluster::Cluster;
use domain::id::{BookingId, EventId, UserId};
use domain::section::SectionName;
use futures_util::future::join_all;
use scripts::{
    AdmitMode, AdmitUsers, Choice, JoinOutcome, JoinQueue, NumberBlock, PlaceOutcome,
    PresentedPass, QueuePlace, ReserveOutcome, ReserveSeats, ShownProof, ShownReceipt, keys,
};
use uuid::Uuid;

use crate::stage::{DEADLINE, Setup, Stage, seated, standing};
use native::{NativeTransport, connect};

/// Threads, each with a client of its own; its calls are under way together.
const CLIENTS: usize = 4;

/// Runs `step` for each of `count` indexes, spread over the clients, and collects what they say.
fn at_once<O: Send>(
    count: usize,
    step: impl AsyncFn(&Cluster<NativeTransport>, usize) -> O + Sync,
) -> Vec<O> {
    let client = |client: usize| {
        on_own_runtime(async {
            let cluster = connect(stack::shared_redis());
            join_all((client..count).step_by(CLIENTS).map(|index| step(&cluster, index))).await
        })
    };
    std::thread::scope(|scope| {
        let clients: Vec<_> =
            (0..CLIENTS).map(|index| scope.spawn(move || client(index))).collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}

fn on_own_runtime<O>(future: impl Future<Output = O>) -> O {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn open(setup: Setup) -> Stage {
    on_own_runtime(Stage::open(connect(stack::shared_redis()), setup))
}

/// The stage's own connections belong to the runtime that opened them, so the audit gets new ones.
fn audit(mut stage: Stage) -> Stage {
    on_own_runtime(async {
        stage.cluster = connect(stack::shared_redis());
        stage.audit().await;
        stage
    })
}

fn new_user() -> UserId {
    UserId::from_uuid(Uuid::now_v7())
}

async fn reserve(
    cluster: &Cluster<NativeTransport>,
    event: EventId,
    user: UserId,
    pass: PresentedPass<'_>,
    choice: Choice<'_>,
) -> ReserveOutcome {
    let booking = BookingId::new(event, Uuid::now_v7());
    let request = ReserveSeats {
        user,
        booking,
        pass,
        idempotency: None,
        choice,
        contact: None,
        is_registered: false,
    };
    scripts::reserve_seats(cluster, &request, DEADLINE).await.unwrap()
}

fn held(outcomes: &[ReserveOutcome]) -> usize {
    outcomes.iter().filter(|outcome| matches!(outcome, ReserveOutcome::Held(_))).count()
}

#[test]
fn a_thousand_uses_of_one_pass_make_one_hold() {
    let mut setup = Setup::with_queue();
    setup.sections = vec![standing("F", 2_000, 100)];
    setup.rules.max_per_buyer = 1_000;
    let stage = open(setup);
    let (event, user) = (stage.event, new_user());
    let pass = on_own_runtime(async {
        let cluster = connect(stack::shared_redis());
        join(&cluster, event, user).await;
        let admit = AdmitUsers { event, mode: AdmitMode::Manual, limit: 1, idempotency: None };
        scripts::admit_users(&cluster, &admit, DEADLINE).await.unwrap();
        let place = scripts::watch_place(&cluster, event, user, DEADLINE).await.unwrap().place;
        place.pass.unwrap().id
    });
    let section: SectionName = "F".parse().unwrap();
    let outcomes = at_once(1_000, async |cluster, _| {
        let choice = Choice::Section { section: &section, quantity: 1 };
        reserve(cluster, event, user, PresentedPass::Id(&pass), choice).await
    });
    assert_eq!(held(&outcomes), 1);
    let used = outcomes.iter().filter(|outcome| **outcome == ReserveOutcome::QueuePassUsed);
    assert_eq!(used.count(), 999);
    let stage = audit(stage);
    assert_eq!(on_own_runtime_total(stage), (1_999, 1, 0));
}

fn on_own_runtime_total(mut stage: Stage) -> (i64, i64, i64) {
    on_own_runtime(async {
        stage.cluster = connect(stack::shared_redis());
        let total = stage.state().await.unwrap().total;
        (total.available, total.held, total.sold)
    })
}

#[test]
fn two_hundred_reservations_of_a_seat_make_one_hold() {
    let stage = open(Setup::default());
    let event = stage.event;
    let section: SectionName = "A".parse().unwrap();
    let outcomes = at_once(200, async |cluster, index| {
        // Every second one wants a neighbour too: all or none.
        let seats: &[_] = if index % 2 == 0 { &[(1, 3)] } else { &[(1, 2), (1, 3)] };
        let choice = Choice::Seats { section: &section, seats };
        reserve(cluster, event, new_user(), PresentedPass::None, choice).await
    });
    assert_eq!(held(&outcomes), 1);
    let lost =
        outcomes.iter().filter(|outcome| matches!(outcome, ReserveOutcome::SeatUnavailable { .. }));
    assert_eq!(lost.count(), 199);
    audit(stage);
}

#[test]
fn one_booking_reserved_fifty_times_at_once_is_one_hold() {
    let stage = open(Setup::default());
    let event = stage.event;
    let (user, booking) = (new_user(), BookingId::new(event, Uuid::now_v7()));
    let section: SectionName = "A".parse().unwrap();
    let outcomes = at_once(50, async |cluster, _| {
        let choice = Choice::Section { section: &section, quantity: 2 };
        let pass = PresentedPass::None;
        let request = ReserveSeats {
            user,
            booking,
            pass,
            idempotency: None,
            choice,
            contact: None,
            is_registered: false,
        };
        scripts::reserve_seats(cluster, &request, DEADLINE).await.unwrap()
    });
    assert_eq!(held(&outcomes), 50);
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]));
    assert_eq!(on_own_runtime_total(audit(stage)), (18, 2, 0));
}

/// Joins, with numbers at hand.
async fn join(cluster: &Cluster<NativeTransport>, event: EventId, user: UserId) -> QueuePlace {
    let (receipt, proof) = (ShownReceipt::None, ShownProof::NotAsked);
    let request =
        JoinQueue { event, user, block: None, receipt, proof, address: None, is_registered: false };
    let state = match scripts::join_queue(cluster, &request, DEADLINE).await.unwrap() {
        JoinOutcome::Place(place) => return *place,
        JoinOutcome::NumbersUsedUp { state } => state,
    };
    let block = Some(NumberBlock { first: 1, last: 10_000, state: &state });
    let request = JoinQueue { block, ..request };
    match scripts::join_queue(cluster, &request, DEADLINE).await.unwrap() {
        JoinOutcome::Place(place) => *place,
        JoinOutcome::NumbersUsedUp { state } => panic!("the block is not good for {state}"),
    }
}

#[test]
fn fifty_joins_of_a_user_make_one_place() {
    let stage = open(Setup::with_queue());
    let (event, user) = (stage.event, new_user());
    let places: Vec<QueuePlace> = at_once(50, async |cluster, _| join(cluster, event, user).await);
    assert_eq!(places.iter().filter(|place| place.fresh).count(), 1);
    for place in &places {
        assert_eq!((place.outcome, place.number), (PlaceOutcome::Waiting, 1));
        assert_eq!((place.position, place.waiting), (1, 1));
    }
    on_own_runtime(async {
        let mut stage = stage;
        stage.cluster = connect(stack::shared_redis());
        let number = stage.texts(&keys::counts(event), "HGET", &["number"]).await;
        assert_eq!(number, ["1"]);
    });
}

#[test]
fn thirty_reservations_of_a_buyer_never_exceed_the_limit() {
    let setup = Setup::with_sections(vec![seated("A", 20, 10, 100), standing("F", 200, 100)]);
    let stage = open(setup);
    let (event, user) = (stage.event, new_user());
    let sections: [SectionName; 2] = ["A".parse().unwrap(), "F".parse().unwrap()];
    let outcomes = at_once(30, async |cluster, index| {
        let choice = match index % 3 {
            0 => Choice::Section { section: &sections[1], quantity: 1 },
            1 => Choice::Section { section: &sections[0], quantity: 3 },
            _ => Choice::Any { sections: &sections[..1], quantity: 2 },
        };
        reserve(cluster, event, user, PresentedPass::None, choice).await
    });
    let tickets: u32 = outcomes
        .iter()
        .map(|outcome| match outcome {
            ReserveOutcome::Held(hold) => hold.booking.quantity,
            ReserveOutcome::BuyerLimitExceeded => 0,
            other => panic!("{other:?}"),
        })
        .sum();
    // The ten single tickets alone fill the limit, whatever came first.
    assert_eq!(tickets, 4);
    assert_eq!(on_own_runtime_total(audit(stage)), (396, 4, 0));
}

#[test]
fn sixteen_schedulers_at_once_let_in_no_more_than_the_rate() {
    let mut setup = Setup::with_queue();
    setup.sections = vec![standing("F", 1_000, 100)];
    setup.rules.max_active = 1_000;
    setup.rules.release_per_s = 20;
    let stage = open(setup);
    let event = stage.event;
    at_once(100, async |cluster, _| join(cluster, event, new_user()).await);
    let began = std::time::Instant::now();
    let outcomes = at_once(16, async |cluster, _| {
        let request =
            AdmitUsers { event, mode: AdmitMode::Scheduled, limit: 1_000, idempotency: None };
        match scripts::admit_users(cluster, &request, DEADLINE).await.unwrap() {
            scripts::AdmitOutcome::Admitted { admitted, .. } => admitted,
            other => panic!("{other:?}"),
        }
    });
    let admitted: i64 = outcomes.iter().sum();
    // The first second's worth, and what the rate adds while the calls run.
    let allowed = 20 + i64::try_from(began.elapsed().as_millis()).unwrap() * 20 / 1_000 + 1;
    assert!((20..=allowed).contains(&admitted), "{admitted} of {allowed}");
}
