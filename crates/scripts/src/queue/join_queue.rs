//! Gives a user a place in the queue.

use std::time::Duration;

use cluster::{Argument, Cluster, Transport};
use domain::id::{EventId, UserId};
use domain::proof;
use domain::time::Instant;

use crate::call::call;
use crate::registry::KeyedScript;
use crate::{Error, QueuePlace, registry};

/// Who joins.
#[derive(Debug, Clone, Copy)]
pub struct JoinQueue<'a> {
    /// The event.
    pub event: EventId,
    /// The user.
    pub user: UserId,
    /// Numbers that the ledger has handed out; used when there are none left.
    pub block: Option<NumberBlock<'a>>,
    /// A receipt of the user.
    pub receipt: ShownReceipt,
    /// A proof of work.
    pub proof: ShownProof,
    /// Where the user comes from, when addresses count.
    pub address: Option<AddressCap<'a>>,
    /// Whether the user is signed in to an account.
    pub is_registered: bool,
}

/// Numbers for all who have found the same state of a line.
#[derive(Debug, Clone, Copy)]
pub struct NumberBlock<'a> {
    /// The first of them.
    pub first: i64,
    /// The last of them.
    pub last: i64,
    /// The state of [`JoinOutcome::NumbersUsedUp`] that they are for, and good for alone.
    pub state: &'a str,
}

/// How many places one address may have at an event.
#[derive(Debug, Clone, Copy)]
pub struct AddressCap<'a> {
    /// Stands for the address and does not tell it; letters and digits.
    pub digest: &'a str,
    /// Places at most, of users who have not left.
    pub places_max: i64,
}

/// A genuine proof of work of the user for joining this event's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownProof {
    /// None is asked for.
    NotAsked,
    /// One is asked for, and none is shown: a new place is refused with
    /// [`ProofRequired`](crate::PlaceOutcome::ProofRequired).
    None,
    /// Good for one new place, within its time.
    Shown {
        /// When its challenge was made, on the clock of Redis.
        challenged_at: Instant,
    },
}

/// A genuine receipt of the user for a place in this event's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownReceipt {
    /// None is shown.
    None,
    /// If its owner is unknown to Redis, the answer is
    /// [`UnknownPlace`](crate::PlaceOutcome::UnknownPlace): the ledger knows what it is worth.
    Shown,
    /// The ledger has nothing against it: if its owner is unknown to Redis, the place comes back.
    /// Once the draw is done, a place that was not drawn is
    /// [`UnknownPlace`](crate::PlaceOutcome::UnknownPlace) again.
    Honoured {
        /// The order in the line, `draw * 2^32 + number`.
        score: i64,
        /// When the place was made.
        joined_at: Instant,
    },
}

/// What came of joining.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JoinOutcome {
    /// Where the user stands.
    Place(Box<QueuePlace>),
    /// The numbers that Redis may give are used up: the ledger has more.
    NumbersUsedUp {
        /// What is used up: all who find it so name the same state, and one block is enough for
        /// them.
        state: String,
    },
}

impl JoinOutcome {
    /// Where the user stands, if there were numbers.
    pub fn place(self) -> Option<QueuePlace> {
        match self {
            Self::Place(place) => Some(*place),
            Self::NumbersUsedUp { .. } => None,
        }
    }
}

/// Joins the queue. Joining again gives the place the user has; [`QueuePlace::fresh`] tells whether
/// this call made it. With the queue disabled and the sale on, the user is admitted at once.
///
/// # Errors
///
/// See [`Error`].
pub async fn join_queue<T: Transport>(
    cluster: &Cluster<T>,
    request: &JoinQueue<'_>,
    deadline: Duration,
) -> Result<JoinOutcome, Error> {
    let script = registry::join_queue(request.event);
    let arguments = arguments(request, &request.user.to_string());
    let reply = call(cluster, script, arguments, deadline).await?;
    Ok(match reply.outcome()? {
        "numbers_used_up" => JoinOutcome::NumbersUsedUp { state: reply.text(1)?.to_owned() },
        _ => JoinOutcome::Place(Box::new(QueuePlace::parse(&reply)?)),
    })
}

/// The words of the command that [`join_queue`] sends, with `user` for the user: for those who
/// measure the script without this crate.
pub fn join_queue_words(request: &JoinQueue<'_>, user: &str) -> Vec<String> {
    let KeyedScript { script, keys } = registry::join_queue(request.event);
    let mut all = vec!["EVALSHA".to_owned(), script.sha1.to_owned(), keys.len().to_string()];
    all.extend(keys);
    all.extend(arguments(request, user).into_iter().map(|argument| match argument {
        Argument::Integer(number) => number.to_string(),
        Argument::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
    }));
    all
}

fn arguments(request: &JoinQueue<'_>, user: &str) -> Vec<Argument> {
    let (first, last, state) =
        request.block.map_or((0, 0, ""), |block| (block.first, block.last, block.state));
    let (receipt, score, joined_ms) = match request.receipt {
        ShownReceipt::None => ("none", 0, 0),
        ShownReceipt::Shown => ("shown", 0, 0),
        ShownReceipt::Honoured { score, joined_at } => ("honoured", score, joined_at.unix_ms()),
    };
    let (shown, challenged_ms) = match request.proof {
        ShownProof::NotAsked => ("free", 0),
        ShownProof::None => ("asked", 0),
        ShownProof::Shown { challenged_at } => ("shown", challenged_at.unix_ms()),
    };
    let (digest, places_max) =
        request.address.map_or(("", 0), |address| (address.digest, address.places_max));
    vec![
        user.into(),
        first.into(),
        last.into(),
        receipt.into(),
        score.into(),
        joined_ms.into(),
        shown.into(),
        challenged_ms.into(),
        proof::LIFE_MS.into(),
        digest.into(),
        places_max.into(),
        state.into(),
        i64::from(request.is_registered).into(),
    ]
}
