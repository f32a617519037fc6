//! The whole sale in any order of its steps, while the process dies between any two calls and Redis
//! loses the event: money and seats agree in the end, and what was told to somebody stays true.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use domain::booking::{BookingStatus, SoldBy};
use domain::id::{BookingId, UserId};
use domain::part::Part;
use domain::time::Instant;
use ledger::RecordPayment;
use native::{NativeDatabase, NativeHttp, NativeTransport};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use provider::{CreateIntent, Provider};
use sale::{
    AuditMode, CancelSaleOutcome, ConfirmSaleOutcome, ReleaseOutcome, Stores, WorkerContext,
};
use scripts::{Choice, PresentedPass, ReserveSeats};
use uuid::Uuid;

use crate::fuse::{Fuse, Fused, fused_stores};
use crate::stage::DEADLINE;
use crate::till::{Till, deliver_to};

/// A scene of 30 steps takes about half a second.
const SCENES: u32 = 24;
const STEPS_MAX: usize = 30;
/// Few, so that steps meet.
const BOOKINGS: usize = 4;
/// No step makes more calls than that.
const MOMENTS_MAX: u32 = 24;
/// Runs of the worker that bring everything to its end, when nothing is in the way.
const RUNS: usize = 6;

#[derive(Debug, Clone)]
enum Step {
    /// Of a booking that was not held before: one of three pairs of seats, or standing places.
    Hold {
        booking: usize,
        seat: Option<u32>,
    },
    /// `POST bookings/{id}/payment`.
    Begin {
        booking: usize,
    },
    /// What the buyer does at the provider.
    Pay {
        booking: usize,
    },
    Fail {
        booking: usize,
    },
    /// The provider delivers an event of the past, an early or a late one.
    Deliver {
        event: usize,
    },
    /// At the cash desk.
    Confirm {
        booking: usize,
    },
    Release {
        booking: usize,
    },
    Cancel {
        booking: usize,
    },
    /// One place of it; of a booking with two seats the second one.
    GiveUp {
        booking: usize,
    },
    /// The time of the hold has been over for so long.
    Overdue {
        booking: usize,
        by_ms: i64,
    },
    Sweep,
    Drain,
    Work,
    LoseRedis,
}

fn step() -> impl Strategy<Value = Step> {
    let booking = 0..BOOKINGS;
    let seat = option::weighted(0.7, 1..=3_u32);
    prop_oneof![
        5 => (booking.clone(), seat).prop_map(|(booking, seat)| Step::Hold { booking, seat }),
        4 => booking.clone().prop_map(|booking| Step::Begin { booking }),
        4 => booking.clone().prop_map(|booking| Step::Pay { booking }),
        1 => booking.clone().prop_map(|booking| Step::Fail { booking }),
        5 => any::<usize>().prop_map(|event| Step::Deliver { event }),
        1 => booking.clone().prop_map(|booking| Step::Confirm { booking }),
        2 => booking.clone().prop_map(|booking| Step::Release { booking }),
        1 => booking.clone().prop_map(|booking| Step::Cancel { booking }),
        3 => booking.clone().prop_map(|booking| Step::GiveUp { booking }),
        2 => (booking, prop_oneof![Just(1_i64), Just(200_000)])
            .prop_map(|(booking, by_ms)| Step::Overdue { booking, by_ms }),
        2 => Just(Step::Sweep),
        2 => Just(Step::Drain),
        3 => Just(Step::Work),
        1 => Just(Step::LoseRedis),
    ]
}

#[test]
fn whatever_happens_money_and_seats_agree_in_the_end() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = Config {
        cases: SCENES,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    // One database and provider for all scenes, up to the first that fails.
    let till = RefCell::new(None);
    let scenes = vec((step(), option::weighted(0.4, 0..MOMENTS_MAX)), 1..STEPS_MAX);
    let played = TestRunner::new(config).run(&scenes, |steps| {
        let before: Option<Till> = till.borrow_mut().take();
        let after = runtime.block_on(async {
            let till = match before {
                Some(till) => till.for_another_event().await,
                None => Till::open().await,
            };
            play(till, &steps).await
        });
        *till.borrow_mut() = Some(after);
        Ok(())
    });
    played.unwrap();
}

async fn play(till: Till, steps: &[(Step, Option<u32>)]) -> Till {
    let mut scene = Scene::new(till).await;
    for (step, dies_at) in steps {
        scene.play(step, *dies_at).await;
        scene.collect_events().await;
        scene.till.stage.counts().await;
    }
    scene.end().await;
    scene.till
}

/// What somebody was told of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Confirmed,
    Released,
}

struct Scene {
    /// Looks on, plays the buyers, and never dies.
    till: Till,
    fuse: Rc<Fuse>,
    stores: Stores<Fused<NativeTransport>, Fused<NativeDatabase>>,
    provider: Provider<Fused<NativeHttp>>,
    bookings: BTreeMap<usize, BookingId>,
    /// Bodies of all events so far, and the state of each payment that the last one told of.
    events: Vec<String>,
    seen: BTreeMap<String, String>,
    told: BTreeMap<BookingId, Told>,
    /// Somebody asked for it to be undone, or a refund was told.
    may_end: Vec<BookingId>,
}

impl Scene {
    async fn new(till: Till) -> Self {
        let fuse = Rc::new(Fuse::default());
        let stores = fused_stores(till.stage.database_url(), &fuse).await;
        let provider = till.provider_over(Fused::new(NativeHttp::new(), &fuse));
        Self {
            till,
            fuse,
            stores,
            provider,
            bookings: BTreeMap::new(),
            events: Vec::new(),
            seen: BTreeMap::new(),
            told: BTreeMap::new(),
            may_end: Vec::new(),
        }
    }

    async fn play(&mut self, step: &Step, dies_at: Option<u32>) {
        let fuse = Rc::clone(&self.fuse);
        let (has_finished, told) = match step {
            Step::LoseRedis => {
                self.till.stage.lose_redis().await;
                return;
            }
            Step::Pay { booking } | Step::Fail { booking } => {
                return self.play_buyer(*booking, matches!(step, Step::Pay { .. })).await;
            }
            Step::Overdue { booking, by_ms } => {
                return self.make_overdue(*booking, *by_ms).await;
            }
            Step::Hold { booking, seat } => {
                if self.bookings.contains_key(booking) {
                    return;
                }
                let id = BookingId::new(self.till.stage.event, Uuid::now_v7());
                self.bookings.insert(*booking, id);
                (fuse.run(dies_at, self.hold(id, *seat)).await.is_some(), None)
            }
            Step::Begin { booking } => {
                let Some(id) = self.bookings.get(booking) else { return };
                (fuse.run(dies_at, self.begin(*id)).await.is_some(), None)
            }
            Step::Deliver { event } => {
                let Some(last) = self.events.len().checked_sub(1) else { return };
                let body = self.events[event % (last + 1)].clone();
                (fuse.run(dies_at, self.deliver(&body)).await.is_some(), None)
            }
            Step::Confirm { booking } => {
                let Some(id) = self.bookings.get(booking).copied() else { return };
                let done = fuse.run(dies_at, self.confirm(id)).await;
                let is_told = done == Some(Some(ConfirmSaleOutcome::Confirmed));
                (done.is_some(), is_told.then_some((id, Told::Confirmed)))
            }
            Step::Release { booking } => {
                let Some(id) = self.bookings.get(booking).copied() else { return };
                let done = fuse.run(dies_at, self.release(id)).await;
                let is_told = done == Some(Some(ReleaseOutcome::Released));
                (done.is_some(), is_told.then_some((id, Told::Released)))
            }
            Step::Cancel { booking } => {
                let Some(id) = self.bookings.get(booking).copied() else { return };
                self.may_end.push(id);
                let cancel = sale::cancel_booking(&self.stores, id, false);
                let done = fuse.run(dies_at, cancel).await.map(Result::unwrap);
                if let Some(CancelSaleOutcome::OwnerTooLate) = done {
                    panic!("the event has not begun");
                }
                (done.is_some(), None)
            }
            Step::GiveUp { booking } => {
                let Some(id) = self.bookings.get(booking).copied() else { return };
                // The last place of it is the whole booking.
                self.may_end.push(id);
                (fuse.run(dies_at, self.give_up(id)).await.is_some(), None)
            }
            Step::Sweep => {
                let sweep = sale::expire_due_holds(&self.stores, self.till.stage.event);
                (fuse.run(dies_at, sweep).await.map(Result::unwrap).is_some(), None)
            }
            Step::Drain => {
                let drain = sale::drain_journal(&self.stores, self.till.stage.event);
                (fuse.run(dies_at, drain).await.map(Result::unwrap).is_some(), None)
            }
            Step::Work => {
                self.till.hurry().await;
                let jobs = WorkerContext {
                    provider: &self.provider,
                    livemode: false,
                    sink: None,
                    mail: sale::Mail::None,
                    random: || 7,
                    now: || Instant::from_unix_ms(1_800_000_000_000),
                };
                let work = sale::run_sagas(&self.stores, &jobs, &|| true);
                (fuse.run(dies_at, work).await.is_some(), None)
            }
        };
        if let Some((booking, told)) = told {
            self.told.insert(booking, told);
        }
        if !has_finished {
            // Another process takes over.
            self.stores = fused_stores(self.till.stage.database_url(), &self.fuse).await;
        }
    }

    async fn hold(&self, booking: BookingId, seat: Option<u32>) {
        let (seated, standing) = ("A".parse().unwrap(), "F".parse().unwrap());
        let seats = seat.map(|number| [(1, number), (2, number)]);
        let choice = match &seats {
            Some(seats) => Choice::Seats { section: &seated, seats },
            None => Choice::Section { section: &standing, quantity: 4 },
        };
        let request = ReserveSeats {
            user: UserId::from_uuid(Uuid::now_v7()),
            booking,
            pass: PresentedPass::None,
            idempotency: None,
            choice,
            contact: None,
            is_registered: false,
        };
        sale::with_open_event(&self.stores, booking.event(), async || {
            scripts::reserve_seats(&self.stores.cluster, &request, DEADLINE).await
        })
        .await
        .unwrap();
    }

    /// As the route does it: the intent first, then one statement.
    async fn begin(&self, booking: BookingId) {
        let Some(found) = sale::find_booking(&self.stores, booking).await.unwrap() else { return };
        let found = found.into_booking();
        if found.status != BookingStatus::Reserved {
            return;
        }
        let attempt = self.payments_of(booking).await.iter().filter(|it| it.canceled).count();
        let attempt = u32::try_from(attempt).unwrap();
        let create =
            CreateIntent { booking, amount: found.amount, currency: &found.currency, attempt };
        let intent = self.provider.create_intent(&create).await.unwrap();
        let request = RecordPayment {
            booking: &found,
            payment: &intent.id,
            amount: intent.amount,
            currency: &intent.currency,
            livemode: intent.livemode,
        };
        ledger::record_payment(&self.stores.database, &request).await.unwrap();
    }

    async fn deliver(&self, body: &str) {
        deliver_to(&self.stores, body).await;
    }

    async fn confirm(&self, booking: BookingId) -> Option<ConfirmSaleOutcome> {
        let found = sale::find_booking(&self.stores, booking).await.unwrap()?;
        Some(sale::confirm_sale(&self.stores, found, SoldBy::Organiser).await.unwrap())
    }

    async fn release(&self, booking: BookingId) -> Option<ReleaseOutcome> {
        let found = sale::find_booking(&self.stores, booking).await.unwrap()?;
        Some(sale::release_booking(&self.stores, found.booking()).await.unwrap())
    }

    async fn give_up(&self, booking: BookingId) {
        let Some(found) = sale::find_booking(&self.stores, booking).await.unwrap() else { return };
        let found = found.into_booking();
        let part = match found.seats.last() {
            Some(seat) => Part::Seats(vec![seat.clone()]),
            None => Part::Quantity(1),
        };
        sale::give_up_part(&self.stores, &found, &part, false).await.unwrap();
    }

    /// What the buyer does with the newest payment of the booking; the provider may refuse.
    async fn play_buyer(&self, booking: usize, pays: bool) {
        let Some(id) = self.bookings.get(&booking) else { return };
        let Some(payment) = self.payments_of(*id).await.pop() else { return };
        let controls = &self.till.controls;
        let _ =
            if pays { controls.pay(&payment.id).await } else { controls.fail(&payment.id).await };
    }

    async fn make_overdue(&self, booking: usize, by_ms: i64) {
        let Some(id) = self.bookings.get(&booking) else { return };
        let stage = &self.till.stage;
        let read = scripts::read_booking(&stage.stores.cluster, *id, DEADLINE).await.unwrap();
        if let scripts::BookingOutcome::Found { .. } = read {
            stage.make_overdue(*id, by_ms).await;
        }
    }

    async fn payments_of(&self, booking: BookingId) -> Vec<fake_provider::LedgerIntent> {
        let mut intents = self.till.controls.ledger().await.unwrap().intents;
        intents.retain(|intent| intent.booking_id.as_deref() == Some(&booking.to_string()));
        intents
    }

    /// The provider makes an event of each change; it is delivered when a step says so.
    async fn collect_events(&mut self) {
        for booking in self.bookings.values() {
            for intent in self.payments_of(*booking).await {
                let kind = match (intent.status.as_str(), intent.refunded) {
                    ("requires_capture", _) => "payment_intent.amount_capturable_updated",
                    ("canceled", _) => "payment_intent.canceled",
                    ("succeeded", 0) => "payment_intent.succeeded",
                    ("succeeded", _) => "charge.refunded",
                    _ => "payment_intent.payment_failed",
                };
                if self.seen.get(&intent.id).map(String::as_str) != Some(kind) {
                    self.events.push(self.till.event(kind, &intent.id).await);
                    self.seen.insert(intent.id, kind.to_owned());
                }
            }
        }
    }

    /// The faults are over: the worker finishes what was begun, and everything agrees.
    async fn end(&mut self) {
        let stage = &self.till.stage;
        for _ in 0..RUNS {
            sale::drain_journal(&stage.stores, stage.event).await.unwrap();
            self.till.work().await;
            sale::expire_due_holds(&stage.stores, stage.event).await.unwrap();
            // A sale whose mark was lost, of a hold that is not due yet.
            sale::audit_event(&stage.stores, stage.event, AuditMode::Repair).await.unwrap();
        }
        self.till.balance().await;
        self.compare_seats().await;
        for (booking, told) in &self.told {
            let status = stage.status(*booking).await;
            match told {
                Told::Confirmed if self.may_end.contains(booking) => assert!(
                    matches!(status, BookingStatus::Confirmed | BookingStatus::Cancelled),
                    "{status:?}"
                ),
                Told::Confirmed => assert_eq!(status, BookingStatus::Confirmed),
                Told::Released => assert_eq!(status, BookingStatus::Released),
            }
        }
    }

    /// Each seat is sold in Redis if and only if it has a ticket.
    async fn compare_seats(&self) {
        let stage = &self.till.stage;
        let section = "A".parse().unwrap();
        let map = scripts::read_map(&stage.stores.cluster, stage.event, &section, DEADLINE);
        let map = String::from_utf8(map.await.unwrap().unwrap()).unwrap();
        let sql = format!(
            "SELECT seat FROM boxoffice.tickets
             WHERE event_id = '{}' AND section = 'A' ORDER BY 1",
            stage.event
        );
        let sold = map.split('/').zip(1..).flat_map(|(row, row_number)| {
            let seats = row.chars().zip(1..).filter(|(seat, _)| *seat == 's');
            seats.map(move |(_, number)| format!("A-{row_number}-{number}")).collect::<Vec<_>>()
        });
        let mut sold: Vec<String> = sold.collect();
        sold.sort();
        assert_eq!(stage.stores.database.texts(&sql).await, sold);
    }
}
