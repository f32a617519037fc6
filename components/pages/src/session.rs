//! Who a browser is, by its cookies, and that a form comes from a page of ours.
//!
//! A session names a guest for all pages. The receipt of a place outlives the memory of every store,
//! so in the waiting room of its event it decides: who comes back there is the owner of the place.

use domain::id::{EventId, UserId};
use domain::rate::RouteClass;
use domain::token::{PageSession, RECEIPT_TTL_S};
use guest::{Call, Problem, Reply, auth, clock, limit, variables};
use http::header;
use sale::Receipt;
use service::identity;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use domain::code::Code;

/// The cookie of a session. Over HTTPS no page of another host, and no path, can set it.
const SESSION: &str = "boxoffice_session";
const SESSION_SECURE: &str = "__Host-boxoffice_session";
/// The cookie with the receipt of the place in the queue of the event of the path.
const RECEIPT: &str = "boxoffice_receipt";
/// The fields that every form of somebody known has.
const FORM_TOKEN: &str = "form_token";
const ATTEMPT: &str = "attempt";

/// Who asks for a page.
pub(crate) struct Visitor {
    pub(crate) user: UserId,
    /// Proves a place that Redis may have lost; in a waiting room only.
    pub(crate) receipt: Option<Receipt>,
    /// What the browser is to remember from now on.
    new_session: Option<String>,
}

impl Visitor {
    /// Lets the browser remember who it is, if there is anything new to that.
    pub(crate) fn remember(&self, reply: Reply, call: &Call) -> Reply {
        let name = if is_https(call) { SESSION_SECURE } else { SESSION };
        match &self.new_session {
            Some(session) => with_cookie(reply, call, name, session, "/", identity::SESSION_TTL_S),
            None => reply,
        }
    }
}

/// Whom the cookies name; nobody, when they name nobody. Cookies that are not genuine, of another
/// event or past their time are none.
///
/// # Errors
///
/// 503 without keys.
pub(crate) async fn known(call: &Call) -> Result<Option<Visitor>, Problem> {
    let receipt = match (call.cookie(RECEIPT), call.event_id()) {
        (Some(receipt), Ok(event)) => auth::receipt_and_owner(event, receipt).await?,
        _ => None,
    };
    let keys = variables::verifying_keys().await?;
    let shown = call.cookie(SESSION_SECURE).or_else(|| call.cookie(SESSION));
    let session = shown.and_then(|it| PageSession::verify(&keys, it, clock::now()).ok());
    let (receipt, owner) = receipt.unzip();
    let Some(user) = owner.or(session.as_ref().map(|session| session.user)) else {
        return Ok(None);
    };
    let is_fresh = session.is_some_and(|session| {
        session.user == user
            && !identity::is_due(session.issued_at, session.expires_at, clock::now())
    });
    let new_session = if is_fresh { None } else { Some(session_of(user).await?) };
    Ok(Some(Visitor { user, receipt, new_session }))
}

/// Somebody new.
///
/// # Errors
///
/// 429 when the address has made as many guests as it may; 503 when nobody can count, or without
/// keys.
pub(crate) async fn new(call: &Call) -> Result<Visitor, Problem> {
    limit::address(call, RouteClass::Guest).await?;
    let user = UserId::from_uuid(Uuid::now_v7());
    Ok(Visitor { user, receipt: None, new_session: Some(session_of(user).await?) })
}

async fn session_of(user: UserId) -> Result<String, Problem> {
    let keys = variables::signing_keys().await?;
    Ok(identity::session_of(&keys, user, Uuid::now_v7(), clock::now())?)
}

/// Whether the browser sent a session, of whatever worth.
pub(crate) fn is_remembered(call: &Call) -> bool {
    call.cookie(SESSION_SECURE).or_else(|| call.cookie(SESSION)).is_some()
}

/// Remembers the place, unless the browser does already.
pub(crate) fn with_receipt(reply: Reply, call: &Call, event: EventId, receipt: &str) -> Reply {
    if call.cookie(RECEIPT) == Some(receipt) {
        return reply;
    }
    let path = format!("/waiting-room/{event}");
    with_cookie(reply, call, RECEIPT, receipt, &path, RECEIPT_TTL_S)
}

/// Sets a cookie. Scripts never see it, and no other site's form sends it. Over HTTPS, also where a
/// proxy in front ends it, it never leaves without.
pub(crate) fn with_cookie(
    reply: Reply,
    call: &Call,
    name: &str,
    value: &str,
    path: &str,
    ttl_s: i64,
) -> Reply {
    let secure = if is_https(call) { "; Secure" } else { "" };
    let cookie =
        format!("{name}={value}; Path={path}; Max-Age={ttl_s}; HttpOnly; SameSite=Lax{secure}");
    reply.with_header(header::SET_COOKIE, &cookie)
}

/// Each proxy may add the scheme that it was reached by; the first is the browser's.
fn is_https(call: &Call) -> bool {
    let first = |schemes: &str| {
        schemes.split(',').next().is_some_and(|it| it.trim().eq_ignore_ascii_case("https"))
    };
    call.uri.scheme() == Some(&http::uri::Scheme::HTTPS)
        || call.header("x-forwarded-proto").is_some_and(first)
}

/// What a form carries to show that a page of ours made it for its reader, once: it tells apart a
/// press of the button from the same press sent twice.
pub(crate) struct FormSeal {
    pub(crate) attempt: Uuid,
    pub(crate) token: String,
}

/// The seal of the forms of one page.
///
/// # Errors
///
/// 503 without keys.
pub(crate) async fn seal(user: UserId) -> Result<FormSeal, Problem> {
    let attempt = Uuid::now_v7();
    Ok(FormSeal { attempt, token: form_token(user, attempt).await? })
}

/// Checks that the form was made by us for who sends it, and tells which press of the button this
/// is.
///
/// # Errors
///
/// 403 when another page sends it, 415 when the body is no form.
pub(crate) async fn sealed(call: &Call, user: UserId) -> Result<Uuid, Problem> {
    let forged = || Problem::new(Code::Forbidden, "the form is not of a page for this browser");
    // mutant: other-sites-may-send-forms
    if call.is_cross_site() {
        return Err(forged());
    }
    let attempt = call.form_field(ATTEMPT)?.and_then(|it| it.parse().ok()).ok_or_else(forged)?;
    let token = call.form_field(FORM_TOKEN)?.unwrap_or_default();
    let expected = form_token(user, attempt).await?;
    // mutant: any-form-is-ours
    if bool::from(token.as_bytes().ct_eq(expected.as_bytes())) {
        Ok(attempt)
    } else {
        Err(forged())
    }
}

/// Only who has the keys can make it.
async fn form_token(user: UserId, attempt: Uuid) -> Result<String, Problem> {
    let keys = variables::signing_keys().await?;
    Ok(keys.keyed_digest(&format!("form\n{user}\n{attempt}")))
}

/// Who sends a form: somebody whom the browser names.
///
/// # Errors
///
/// 403 for nobody, and as [`sealed`].
pub(crate) async fn sender(call: &Call) -> Result<(Visitor, Uuid), Problem> {
    let Some(visitor) = known(call).await? else {
        return Err(Problem::new(Code::Forbidden, "the browser sent no session"));
    };
    let attempt = sealed(call, visitor.user).await?;
    Ok((visitor, attempt))
}
