//! Who asks for a page.
//!
//! The receipt of a place outlives the memory of every store, so in the waiting room of its event
//! it decides: who comes back there is the owner of the place.

use domain::id::{EventId, UserId};
use domain::rate::RouteClass;
use domain::token::RECEIPT_TTL_S;
pub(crate) use guest::session::FormSeal;
use guest::session::{self, with_cookie};
use guest::{Call, Problem, Reply, auth, clock, limit, variables};
use sale::Receipt;
use service::identity;
use uuid::Uuid;

/// The cookie with the receipt of the place in the queue of the event of the path.
const RECEIPT: &str = "boxoffice_receipt";

/// Who asks for a page.
pub(crate) struct Visitor {
    pub(crate) user: UserId,
    /// Proves a place that Redis may have lost; in a waiting room only.
    pub(crate) receipt: Option<Receipt>,
    session: String,
    /// Whether the browser is to remember the session from now on.
    is_new: bool,
}

impl Visitor {
    /// The visitor as `user`, who has just been proved: the browser is that guest from now on.
    ///
    /// # Errors
    ///
    /// 503 without keys.
    pub(crate) async fn becoming(user: UserId) -> Result<Self, Problem> {
        Ok(Self { user, receipt: None, session: session_of(user).await?, is_new: true })
    }

    /// Lets the browser remember who it is, if there is anything new to that.
    pub(crate) fn remember(&self, reply: Reply, call: &Call) -> Reply {
        if self.is_new { session::remember(reply, call, &self.session) } else { reply }
    }

    /// The seal of the forms of one page.
    pub(crate) fn seal(&self) -> FormSeal {
        session::seal(&self.session)
    }
}

/// Whom the cookies name; nobody, when they name nobody. Cookies that are not genuine, of another
/// event or past their time are none.
///
/// # Errors
///
/// 503 without keys.
pub(crate) async fn known(call: &Call) -> Result<Option<Visitor>, Problem> {
    let shown = match (call.cookie(RECEIPT), call.event_id()) {
        (Some(receipt), Ok(event)) => auth::receipt_and_owner(event, receipt).await?,
        _ => None,
    };
    let known = session::known(call).await?;
    let (receipt, owner) = shown.unzip();
    let Some(user) = owner.or(known.as_ref().map(|known| known.user)) else { return Ok(None) };
    let is_fresh = known.is_some_and(|known| {
        let is_due = identity::is_due(known.issued_at, known.expires_at, clock::now());
        known.user == user && !is_due
    });
    let kept = session::sent(call).filter(|_| is_fresh);
    let session = match kept {
        Some(session) => session.to_owned(),
        None => session_of(user).await?,
    };
    Ok(Some(Visitor { user, receipt, session, is_new: !is_fresh }))
}

/// Somebody new.
///
/// # Errors
///
/// 429 when the address has made as many guests as it may; 503 when nobody can count, or without
/// keys.
pub(crate) async fn new(call: &Call) -> Result<Visitor, Problem> {
    limit::address(call, RouteClass::Guest).await?;
    Visitor::becoming(UserId::from_uuid(Uuid::now_v7())).await
}

async fn session_of(user: UserId) -> Result<String, Problem> {
    let keys = variables::signing_keys().await?;
    Ok(identity::session_of(&keys, user, Uuid::now_v7(), clock::now())?)
}

/// Remembers the place, unless the browser does already.
pub(crate) fn with_receipt(reply: Reply, call: &Call, event: EventId, receipt: &str) -> Reply {
    if call.cookie(RECEIPT) == Some(receipt) {
        return reply;
    }
    let path = format!("/waiting-room/{event}");
    with_cookie(reply, call, RECEIPT, receipt, &path, RECEIPT_TTL_S)
}
