//! Pages for people: the headers that go with HTML.

pub use domain::text::escaped;
use http::{HeaderName, StatusCode, header};

use crate::reply::Reply;

/// Nothing but our own files and our own server: an injected script would not run, an injected form
/// would reach nobody, and no other page can wrap this one.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// A file that pages use may be kept for an hour: a new one is served soon enough.
const FILE_CACHE_CONTROL: &str = "public, max-age=3600";

/// A page about one person, which nobody keeps.
pub fn page(status: StatusCode, html: String) -> Reply {
    let name = HeaderName::from_static;
    Reply::text(status, "text/html; charset=utf-8", html)
        .with_header(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY)
        .with_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .with_header(header::REFERRER_POLICY, "same-origin")
        .with_header(name("x-robots-tag"), "noindex")
}

/// A file that pages use.
pub fn file(media_type: &'static str, text: &'static str) -> Reply {
    Reply::text(StatusCode::OK, media_type, text)
        .with_header(header::CACHE_CONTROL, FILE_CACHE_CONTROL)
        .with_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
}
