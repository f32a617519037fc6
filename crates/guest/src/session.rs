//! Who a browser is, by its cookie, and that a form comes from a page of ours.
//!
//! A session names a guest for all pages. Every form carries a token that only a page for this very
//! session can know: a page of another site can send the cookie, but not read it.

use data_encoding::HEXLOWER;
use domain::code::Code;
use domain::id::UserId;
use domain::token::PageSession;
use http::header;
use service::identity::SESSION_TTL_S;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::call::Call;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::{clock, variables};

/// The cookie of a session. Over HTTPS no page of another host, and no path, can set it.
const SESSION: &str = "boxoffice_session";
const SESSION_SECURE: &str = "__Host-boxoffice_session";
/// The fields that every form of somebody known has.
const FORM_TOKEN: &str = "form_token";
const ATTEMPT: &str = "attempt";

/// The session that the browser sent, of whatever worth.
pub fn sent(call: &Call) -> Option<&str> {
    call.cookie(SESSION_SECURE).or_else(|| call.cookie(SESSION))
}

/// The session that the browser sent; nothing when it is not genuine or has ended.
///
/// # Errors
///
/// 503 without keys.
pub async fn known(call: &Call) -> Result<Option<PageSession>, Problem> {
    let Some(session) = sent(call) else { return Ok(None) };
    let keys = variables::verifying_keys().await?;
    Ok(PageSession::verify(&keys, session, clock::now()).ok())
}

/// Lets the browser remember a session.
pub fn remember(reply: Reply, call: &Call, session: &str) -> Reply {
    let name = if is_https(call) { SESSION_SECURE } else { SESSION };
    with_cookie(reply, call, name, session, "/", SESSION_TTL_S)
}

/// Sets a cookie. Scripts never see it, and no other site's form sends it. Over HTTPS, also where a
/// proxy in front ends it, it never leaves without.
pub fn with_cookie(
    reply: Reply,
    call: &Call,
    name: &str,
    value: &str,
    path: &str,
    ttl_s: i64,
) -> Reply {
    with_cookie_within(reply, call, "Lax", (name, value), path, ttl_s)
}

/// As [`with_cookie`], for one that no link of another site sends either.
pub fn with_strict_cookie(
    reply: Reply,
    call: &Call,
    name: &str,
    value: &str,
    path: &str,
    ttl_s: i64,
) -> Reply {
    with_cookie_within(reply, call, "Strict", (name, value), path, ttl_s)
}

fn with_cookie_within(
    reply: Reply,
    call: &Call,
    same_site: &str,
    (name, value): (&str, &str),
    path: &str,
    ttl_s: i64,
) -> Reply {
    let secure = if is_https(call) { "; Secure" } else { "" };
    let cookie = format!(
        "{name}={value}; Path={path}; Max-Age={ttl_s}; HttpOnly; SameSite={same_site}{secure}"
    );
    reply.with_header(header::SET_COOKIE, &cookie)
}

/// Whether the browser came by HTTPS. Each proxy may add the scheme that it was reached by; the
/// first is the browser's.
pub fn is_https(call: &Call) -> bool {
    let first = |schemes: &str| {
        schemes.split(',').next().is_some_and(|it| it.trim().eq_ignore_ascii_case("https"))
    };
    call.uri.scheme() == Some(&http::uri::Scheme::HTTPS)
        || call.header("x-forwarded-proto").is_some_and(first)
}

/// What a form carries to show that a page of ours made it for its reader, once: it tells apart a
/// second press of the button from the same press sent twice.
#[derive(Debug, Clone)]
pub struct FormSeal {
    /// Names the press.
    pub attempt: Uuid,
    /// Proves the page.
    pub token: String,
}

/// The seal of the forms of one page for `session`.
pub fn seal(session: &str) -> FormSeal {
    let attempt = Uuid::now_v7();
    FormSeal { attempt, token: form_token(session, attempt) }
}

/// Who sends a form, and which press of the button it is.
///
/// # Errors
///
/// 403 when the browser sent no session, or when another page than one of ours sends the form; 415
/// when the body is no form.
pub async fn sender(call: &Call) -> Result<(UserId, Uuid), Problem> {
    let session = sent(call).ok_or_else(forged)?;
    let attempt = attempt_of(call, session)?;
    let known = known(call).await?.ok_or_else(forged)?;
    Ok((known.user, attempt))
}

/// Which press of the button a form is that a page for `session` has sealed.
///
/// # Errors
///
/// 403 when another page than one of ours for this session sends the form; 415 when the body is no
/// form.
pub fn attempt_of(call: &Call, session: &str) -> Result<Uuid, Problem> {
    // mutant: other-sites-may-send-forms
    if call.is_cross_site() {
        return Err(forged());
    }
    let attempt = call.form_field(ATTEMPT)?.and_then(|it| it.parse().ok()).ok_or_else(forged)?;
    let token = call.form_field(FORM_TOKEN)?.unwrap_or_default();
    let expected = form_token(session, attempt);
    // mutant: any-form-is-ours
    if !bool::from(token.as_bytes().ct_eq(expected.as_bytes())) {
        return Err(forged());
    }
    Ok(attempt)
}

fn forged() -> Problem {
    Problem::new(Code::Forbidden, "the form is not of a page for this browser")
}

/// Only who has the session can make it, and it tells nobody the session.
fn form_token(session: &str, attempt: Uuid) -> String {
    HEXLOWER.encode(&Sha256::digest(format!("form\n{session}\n{attempt}")))
}
