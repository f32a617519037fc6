//! What the jobs of the worker need beside the stores.

use std::rc::Rc;

use domain::backoff::Backoff;
use domain::notification::NotificationKey;
use domain::time::Instant;
use domain::token::SigningKeys;
use provider::Provider;

use crate::worker::mail_api::MailApi;

/// What sagas and notifications need beside the stores.
pub struct WorkerContext<'a, H> {
    /// The payment provider.
    pub provider: &'a Provider<H>,
    /// The mode we are in.
    pub livemode: bool,
    /// The receiver of notifications, if there is one.
    pub sink: Option<&'a Sink<H>>,
    /// The way of letters to buyers.
    pub mail: Mail<'a, H>,
    /// A random number, for waits that differ.
    pub random: fn() -> u64,
    /// The time of a notification.
    pub now: fn() -> Instant,
}

/// The receiver of notifications.
#[derive(Debug)]
pub struct Sink<H> {
    /// How requests travel.
    pub transport: H,
    /// Where they go.
    pub url: String,
    /// What signs them.
    pub key: NotificationKey,
}

/// The way of letters to buyers.
pub enum Mail<'a, H> {
    /// There is none: nobody is written to, and no letter waits.
    None,
    /// It is not set up as it should be: letters wait until it is.
    Broken,
    /// Through a mail API.
    Through(&'a Post<H>),
}

/// A mail API, and what letters are written with.
pub struct Post<H> {
    /// How requests travel.
    pub transport: H,
    /// The mail API.
    pub api: MailApi,
    /// Where browsers reach us, without a slash at its end.
    pub public_url: String,
    /// What signs the links in letters.
    pub keys: Rc<SigningKeys>,
}

/// Waits after failures of sagas and notifications: when the other side is well again, everything
/// goes on within half a minute.
pub(crate) const BACKOFF: Backoff = Backoff { first_ms: 1_000, longest_ms: 30_000 };
