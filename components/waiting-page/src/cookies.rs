//! What a browser remembers for us on the page of an event: who, and which place. Each event has
//! its own, so a guest of one is nobody known at another.

use domain::id::EventId;
use domain::token::RECEIPT_TTL_S;
use guest::{Call, Reply};
use http::header;

/// The buyer's token.
pub(crate) const BUYER: &str = "boxoffice_buyer";
/// The receipt of the place in the queue of the event of the path.
pub(crate) const RECEIPT: &str = "boxoffice_receipt";

/// Remembers the buyer.
pub(crate) fn with_buyer(reply: Reply, call: &Call, event: EventId, token: &str) -> Reply {
    with(reply, call, BUYER, event, token)
}

/// Remembers the place.
pub(crate) fn with_receipt(reply: Reply, call: &Call, event: EventId, receipt: &str) -> Reply {
    with(reply, call, RECEIPT, event, receipt)
}

/// Lives as long as a receipt. Scripts never see it, and no other site's form sends it. Over HTTPS,
/// also where a proxy in front ends it, it never leaves without.
fn with(reply: Reply, call: &Call, name: &str, event: EventId, value: &str) -> Reply {
    let is_https = call.uri.scheme() == Some(&http::uri::Scheme::HTTPS)
        || call.header("x-forwarded-proto").is_some_and(is_https);
    let secure = if is_https { "; Secure" } else { "" };
    let cookie = format!(
        "{name}={value}; Path=/waiting-room/{event}; Max-Age={RECEIPT_TTL_S}; HttpOnly; \
         SameSite=Lax{secure}"
    );
    reply.with_header(header::SET_COOKIE, &cookie)
}

/// Each proxy may add the scheme that it was reached by; the first is the browser's.
fn is_https(schemes: &str) -> bool {
    schemes.split(',').next().is_some_and(|it| it.trim().eq_ignore_ascii_case("https"))
}
