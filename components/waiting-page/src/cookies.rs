//! What a browser remembers for us: who, and which place.

use domain::id::EventId;
use guest::{Call, Reply, identity};
use http::header;

/// The buyer's token.
pub(crate) const BUYER: &str = "boxoffice_buyer";
/// The receipt of the place in the queue of the event of the path.
pub(crate) const RECEIPT: &str = "boxoffice_receipt";
/// As long as a guest token lives.
const MAX_AGE_S: i64 = identity::GUEST_TOKEN_TTL_MS / 1_000;

/// Remembers the buyer.
pub(crate) fn with_buyer(reply: Reply, call: &Call, token: &str) -> Reply {
    with(reply, call, BUYER, token, "/waiting-room")
}

/// Remembers the place.
pub(crate) fn with_receipt(reply: Reply, call: &Call, event: EventId, receipt: &str) -> Reply {
    with(reply, call, RECEIPT, receipt, &format!("/waiting-room/{event}"))
}

/// Scripts never see it, and no other site's form sends it. Over HTTPS, also where a proxy in front
/// ends it, it never leaves without.
fn with(reply: Reply, call: &Call, name: &str, value: &str, path: &str) -> Reply {
    let is_https = call.uri.scheme() == Some(&http::uri::Scheme::HTTPS)
        || call.header("x-forwarded-proto").is_some_and(|it| it.eq_ignore_ascii_case("https"));
    let secure = if is_https { "; Secure" } else { "" };
    let cookie =
        format!("{name}={value}; Path={path}; Max-Age={MAX_AGE_S}; HttpOnly; SameSite=Lax{secure}");
    reply.with_header(header::SET_COOKIE, &cookie)
}
