//! A place in the queue, also when Redis has forgotten it.
//!
//! A receipt proves a place. It is needed only when Redis knows nothing of its owner: the ledger is
//! then asked whether the place was left or its pass used, and if not, it comes back where it was.
//! Those who were let in and had not used their pass come back to the front. A receipt from before
//! the draw is worth the place that its number has drawn.
//!
//! What the ledger cannot know: a reservation whose journal entry was lost with Redis. Its place
//! comes back, and with it one more pass; the limit per buyer still counts what is sold.

use cluster::Transport;
use domain::draw::Draw;
use domain::id::{EventId, UserId};
use domain::queue::{drawn_order, undrawn_number};
use domain::time::Instant;
use ledger::Database;
use scripts::{
    AddressCap, JoinOutcome, JoinQueue, LeaveOutcome, NumberBlock, PlaceOutcome, QueuePlace,
    ShownProof, ShownReceipt, WatchedPlace,
};

use crate::{Error, Stores, find_past_event, log_failure, with_open_event};

/// A block of numbers can be used up by others between two calls; then there is another one. The
/// draw can be done between them too.
const ATTEMPTS_MAX: usize = 4;

/// A genuine receipt of the user for a place in the event's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The number of the place.
    pub number: i64,
    /// The order in the line, `draw * 2^32 + number`.
    pub score: i64,
    /// When the place was made.
    pub joined_at: Instant,
}

/// Joins the queue of `event`: the place the user has, the one that the receipt proves, or a new
/// one, for which `proof` may be needed and `address` says how many there may be.
///
/// # Errors
///
/// See [`Error`].
pub async fn join_queue<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    user: UserId,
    receipt: Option<Receipt>,
    proof: ShownProof,
    address: Option<AddressCap<'_>>,
    is_registered: bool,
) -> Result<QueuePlace, Error> {
    let shown = if receipt.is_some() { ShownReceipt::Shown } else { ShownReceipt::None };
    let (mut honoured, mut granted): (_, Option<(ledger::NumberBlock, String)>) = (shown, None);
    for _ in 0..ATTEMPTS_MAX {
        let block = granted.as_ref().map(|(ledger::NumberBlock { first, last }, state)| {
            NumberBlock { first: *first, last: *last, state }
        });
        let request =
            JoinQueue { event, user, block, receipt: honoured, proof, address, is_registered };
        match (join(stores, &request).await?, receipt) {
            (JoinOutcome::NumbersUsedUp { state }, _) => {
                let block = ledger::grant_numbers(&stores.database, event, &state).await?;
                granted = block.map(|block| (block, state));
            }
            (JoinOutcome::Place(place), Some(receipt))
                if place.outcome == PlaceOutcome::UnknownPlace =>
            {
                honoured = classify(stores, event, user, receipt).await?;
            }
            (JoinOutcome::Place(mut place), _) => {
                if place.outcome == PlaceOutcome::EventMissing
                    && find_past_event(stores, event).await?.is_some()
                {
                    place.outcome = PlaceOutcome::NotOnSale;
                }
                return Ok(*place);
            }
        }
    }
    Err(Error::Contention("join_queue"))
}

/// The place of `user`, and where the news of its line go on. A place that Redis has lost comes
/// back if the receipt proves it.
///
/// # Errors
///
/// See [`Error`].
pub async fn watch_place<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    user: UserId,
    receipt: Option<Receipt>,
) -> Result<WatchedPlace, Error> {
    let watch =
        async || scripts::watch_place(&stores.cluster, event, user, stores.redis_deadline).await;
    let mut watched = with_open_event(stores, event, watch).await?;
    if watched.place.outcome == PlaceOutcome::EventMissing {
        if find_past_event(stores, event).await?.is_some() {
            watched.place.outcome = PlaceOutcome::Absent;
        }
        return Ok(watched);
    }
    if watched.place.unseen && !is_still_there(stores, event, user).await {
        watched = watch().await?;
    }
    let (PlaceOutcome::Absent, Some(receipt)) = (watched.place.outcome, receipt) else {
        return Ok(watched);
    };
    // What Redis has on record, a used pass for example, is worth more than a receipt.
    if watched.place.score == 0 && restore(stores, event, user, receipt).await? {
        watched = watch().await?;
    }
    Ok(watched)
}

/// Brings a place back that Redis has lost; returns whether it did.
async fn restore<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    user: UserId,
    receipt: Receipt,
) -> Result<bool, Error> {
    for _ in 0..ATTEMPTS_MAX {
        let honoured = classify(stores, event, user, receipt).await?;
        if honoured == ShownReceipt::None {
            return Ok(false);
        }
        // Without a block: a place comes back, no new one is made.
        let (proof, address) = (ShownProof::NotAsked, None);
        let request = JoinQueue {
            event,
            user,
            block: None,
            receipt: honoured,
            proof,
            address,
            // It was when the place was made.
            is_registered: true,
        };
        let Some(restored) = join(stores, &request).await?.place() else { return Ok(false) };
        match restored.outcome {
            PlaceOutcome::NotOnSale | PlaceOutcome::JoiningStopped | PlaceOutcome::AddressFull => {
                return Ok(false);
            }
            PlaceOutcome::UnknownPlace => {}
            _ => return Ok(true),
        }
    }
    Err(Error::Contention("restoring a place"))
}

/// Notes that the user is there. False when the line has passed the place meanwhile.
async fn is_still_there<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    user: UserId,
) -> bool {
    let seen = scripts::see_users(&stores.cluster, event, &[user], stores.redis_deadline).await;
    match seen {
        Ok(gone) => gone.is_empty(),
        // What could not be noted is noted by the next poll; the place that was read is right.
        Err(error) => {
            log_failure("a fan in the line could not be noted as seen", "see_users", &error);
            true
        }
    }
}

/// Gives the place up, and a pass that was not used. It stays given up when Redis forgets.
///
/// # Errors
///
/// See [`Error`]. The same call again finishes it.
pub async fn leave_queue<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    user: UserId,
    receipt: Option<Receipt>,
) -> Result<(), Error> {
    let left = scripts::leave_queue(&stores.cluster, event, user, stores.redis_deadline).await?;
    let number = match left {
        LeaveOutcome::Left { number } | LeaveOutcome::Absent { number } => number,
        LeaveOutcome::EventMissing => 0,
    };
    let number = number.max(receipt.map_or(0, |receipt| receipt.number));
    if number > 0 {
        ledger::leave_queue(&stores.database, event, user, number).await?;
    }
    Ok(())
}

async fn join<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    request: &JoinQueue<'_>,
) -> Result<JoinOutcome, Error> {
    with_open_event(stores, request.event, async || {
        scripts::join_queue(&stores.cluster, request, stores.redis_deadline).await
    })
    .await
}

/// What the receipt of a place that Redis does not know is worth.
async fn classify<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    user: UserId,
    Receipt { number, score, joined_at }: Receipt,
) -> Result<ShownReceipt, Error> {
    let spent = ledger::place_is_spent(&stores.database, event, user, number, joined_at).await?;
    if spent {
        return Ok(ShownReceipt::None);
    }
    let score = match undrawn_number(score) {
        // mutant: receipts-are-not-translated
        Some(number) => order_now(stores, event, number).await?.unwrap_or(score),
        None => score,
    };
    Ok(ShownReceipt::Honoured { score, joined_at })
}

/// The order of a place from before the draw; nothing while it is still to be drawn.
async fn order_now<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    number: u32,
) -> Result<Option<i64>, Error> {
    let published = ledger::find_draw(&stores.database, event).await?;
    let drawn = published.and_then(|published| published.drawn);
    Ok(drawn.map(|drawn| drawn_order(&Draw::new(&drawn.seed, event, drawn.count), number)))
}
