//! Who a browser is, by its cookies.
//!
//! The receipt of a place outlives a token by months. So on the page of its event it decides: who
//! comes back there is the owner of the place, and gets a new token.

use domain::id::{EventId, UserId};
use domain::rate::RouteClass;
use guest::identity::{is_due_for_renewal, new_guest, token_of};
use guest::{Call, Problem, Reply, auth, limit};
use sale::Receipt;

use crate::cookies;

/// Who asks for a page.
pub(crate) struct Visitor {
    pub(crate) user: UserId,
    /// Proves a place here that Redis may have lost.
    pub(crate) receipt: Option<Receipt>,
    /// What the browser is to remember from now on.
    new_token: Option<String>,
}

impl Visitor {
    /// Lets the browser remember who it is, if there is anything new to that.
    pub(crate) fn remember(&self, reply: Reply, call: &Call, event: EventId) -> Reply {
        match &self.new_token {
            Some(token) => cookies::with_buyer(reply, call, event, token),
            None => reply,
        }
    }
}

/// Whom the cookies name on the page of `event`; nobody, when they name nobody. Cookies that are
/// not genuine, of another event or past their time are none.
///
/// # Errors
///
/// 503 without keys.
pub(crate) async fn known(call: &Call, event: EventId) -> Result<Option<Visitor>, Problem> {
    let shown = match call.cookie(cookies::RECEIPT) {
        Some(receipt) => auth::receipt_and_owner(event, receipt).await?,
        None => None,
    };
    let token = match call.cookie(cookies::BUYER) {
        Some(token) => auth::buyer_token(token).await?.ok(),
        None => None,
    };
    let (receipt, owner) = shown.unzip();
    let Some(user) = owner.or(token.as_ref().map(|token| token.user)) else { return Ok(None) };
    let is_fresh = token.is_some_and(|it| it.user == user && !is_due_for_renewal(&it));
    let new_token = if is_fresh { None } else { Some(token_of(user).await?.token) };
    Ok(Some(Visitor { user, receipt, new_token }))
}

/// Somebody new.
///
/// # Errors
///
/// 429 when the address has made as many guests as it may; 503 when nobody can count, or without
/// keys.
pub(crate) async fn new(call: &Call) -> Result<Visitor, Problem> {
    limit::address(call, RouteClass::Guest).await?;
    let guest = new_guest().await?;
    Ok(Visitor { user: guest.user_id, receipt: None, new_token: Some(guest.token) })
}
