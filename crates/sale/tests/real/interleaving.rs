//! A cancellation in the middle of the sale that it undoes: whatever comes first, one outcome.

use std::cell::RefCell;
use std::rc::Rc;

use domain::booking::{BookingStatus, SoldBy};
use domain::id::BookingId;
use domain::part::Part;
use domain::payment::{Decision, ProviderState};
use futures_util::future::LocalBoxFuture;
use ledger::{Database, DatabaseError, Value};
use native::{NativeDatabase, NativeTransport};
use sale::{
    ConfirmSaleOutcome, Stores, cancel_booking, cancel_event, confirm_sale, find_booking,
    give_up_part,
};
use scripts::Choice;

use crate::stage::{DEADLINE, Stage};
use crate::till::Till;

/// The statement that sells.
const SALE: &str = "boxoffice.confirm_booking(";
const VOIDED: (ProviderState, Option<Decision>) =
    (ProviderState::Canceled, Some(Decision::GiveBack));

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// The hold is pinned in Redis, Postgres knows nothing yet.
    BeforeTheSale,
    /// Postgres has sold, Redis is not told yet.
    AfterTheSale,
}

/// Postgres, with something that happens beside the sale.
struct Interposed<'a> {
    inner: NativeDatabase,
    moment: Moment,
    meanwhile: RefCell<Option<LocalBoxFuture<'a, ()>>>,
}

impl Interposed<'_> {
    async fn at(&self, moment: Moment, statement: &str) {
        if moment == self.moment && statement.contains(SALE) {
            let meanwhile = self.meanwhile.borrow_mut().take();
            if let Some(meanwhile) = meanwhile {
                meanwhile.await;
            }
        }
    }
}

impl Database for Interposed<'_> {
    async fn query(
        &self,
        statement: &str,
        parameters: Vec<Value>,
    ) -> Result<Vec<Vec<Value>>, DatabaseError> {
        self.at(Moment::BeforeTheSale, statement).await;
        let rows = self.inner.query(statement, parameters).await;
        self.at(Moment::AfterTheSale, statement).await;
        rows
    }
}

/// Confirms `booking`; `meanwhile` happens at `moment`.
async fn confirm_beside(
    stage: &Stage,
    booking: BookingId,
    by: SoldBy<'_>,
    moment: Moment,
    meanwhile: LocalBoxFuture<'_, ()>,
) -> ConfirmSaleOutcome {
    let inner = NativeDatabase::connect(stage.database_url()).await;
    let meanwhile = RefCell::new(Some(meanwhile));
    let stores: Stores<NativeTransport, _> = Stores {
        cluster: Rc::clone(&stage.stores.cluster),
        database: Interposed { inner, moment, meanwhile },
        redis_deadline: DEADLINE,
    };
    let found = find_booking(&stores, booking).await.unwrap().unwrap();
    confirm_sale(&stores, found, by).await.unwrap()
}

/// The news of the sale come after those of its cancellation, when the seat is another's already.
#[tokio::test(flavor = "current_thread")]
async fn a_sale_that_is_cancelled_before_redis_knows_of_it_takes_nothing() {
    for is_taken in [false, true] {
        let stage = Stage::open().await;
        let (seat, standing) = (stage.hold_seat(1, 1).await, stage.hold_standing(2).await);
        for booking in [seat, standing] {
            let meanwhile = async {
                cancel_booking(&stage.stores, booking, true).await.unwrap();
                if is_taken && booking == seat {
                    stage.hold_seat(1, 1).await;
                }
            };
            let (by, moment) = (SoldBy::Organiser, Moment::AfterTheSale);
            let outcome = confirm_beside(&stage, booking, by, moment, Box::pin(meanwhile)).await;
            assert_eq!(outcome, ConfirmSaleOutcome::Confirmed);
            assert_eq!(stage.status(booking).await, BookingStatus::Cancelled);
        }
        let held = i64::from(is_taken);
        assert_eq!((stage.counts().await, stage.tickets().await), ((20 - held, held, 0), 0));
        let map = scripts::keys::map(stage.event, &"A".parse().unwrap());
        let expected = if is_taken { "h..../....." } else { "...../....." };
        assert_eq!(stage.texts(&map, "GET", &[]).await, [expected]);
    }
}

/// The news of the sale come after those of a part that was given up of it, when its seat is
/// another's already: the rest is sold and nothing else.
#[tokio::test(flavor = "current_thread")]
async fn a_sale_that_gave_up_a_part_before_redis_knows_of_it_takes_the_rest_alone() {
    for (is_taken, is_freed) in [(false, true), (true, true), (false, false)] {
        let till = Till::open().await;
        let stage = &till.stage;
        let section = "A".parse().unwrap();
        let choice = Choice::Seats { section: &section, seats: &[(1, 1), (1, 2)] };
        let (seated, standing) = (stage.hold(choice).await.unwrap(), stage.hold_standing(3).await);
        let seat = Part::Seats(vec!["A-1-1".parse().unwrap()]);
        for (booking, part) in [(seated, &seat), (standing, &Part::Quantity(1))] {
            let held = stage.booking(booking).await;
            let meanwhile = async {
                if is_freed {
                    give_up_part(&stage.stores, &held, part, true).await.unwrap();
                } else {
                    // The process that gave it up dies before it tells Redis.
                    let request =
                        ledger::GiveUpPart { booking, by_owner: true, part, multiple_of: 1 };
                    ledger::give_up_part(till.database(), &request).await.unwrap();
                }
                if is_taken && booking == seated {
                    stage.hold_seat(1, 1).await;
                }
            };
            let (by, moment) = (SoldBy::Organiser, Moment::AfterTheSale);
            let outcome = confirm_beside(stage, booking, by, moment, Box::pin(meanwhile)).await;
            assert_eq!(outcome, ConfirmSaleOutcome::Confirmed);
            assert_eq!(stage.status(booking).await, BookingStatus::Confirmed);
        }
        let what = format!("{is_taken} {is_freed}");
        if is_freed {
            // At once, before any worker comes.
            let held = i64::from(is_taken);
            assert_eq!(stage.counts().await, (17 - held, held, 3), "{what}");
        }
        till.finish().await;
        let held = i64::from(is_taken);
        assert_eq!((stage.counts().await, stage.tickets().await), ((17 - held, held, 3), 3));
        let map = scripts::keys::map(stage.event, &section);
        let expected = if is_taken { "hs.../....." } else { ".s.../....." };
        assert_eq!(stage.texts(&map, "GET", &[]).await, [expected], "{what}");
    }
}

/// The event is cancelled, with all its work, while a payment becomes a sale.
#[tokio::test(flavor = "current_thread")]
async fn an_event_that_is_cancelled_beside_a_sale_keeps_neither_seat_nor_money() {
    for moment in [Moment::BeforeTheSale, Moment::AfterTheSale] {
        let till = Till::open().await;
        let booking = till.stage.hold_seat(1, 1).await;
        let payment = till.pay(booking).await;
        let event = till.event("payment_intent.amount_capturable_updated", &payment).await;
        crate::till::record(&till.stage, &event, false).await;
        let meanwhile = async {
            cancel_event(&till.stage.stores, till.stage.event).await.unwrap().unwrap();
            till.finish().await;
        };
        let by = SoldBy::Payment(&payment);
        let outcome = confirm_beside(&till.stage, booking, by, moment, Box::pin(meanwhile)).await;
        till.finish().await;
        let (told, status) = match moment {
            // The hold has ended with its event.
            Moment::BeforeTheSale => (ConfirmSaleOutcome::Released, BookingStatus::Released),
            Moment::AfterTheSale => (ConfirmSaleOutcome::Confirmed, BookingStatus::Refunded),
        };
        assert_eq!(outcome, told, "{moment:?}");
        assert_eq!(till.stage.status(booking).await, status, "{moment:?}");
        assert_eq!(till.state(&payment).await, VOIDED, "{moment:?}");
        assert_eq!(till.stage.counts().await, (20, 0, 0), "{moment:?}");
        till.balance().await;
    }
}
