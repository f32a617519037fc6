//! The idempotency key of a request.

/// An idempotency key and what it was used for.
#[derive(Debug, Clone, Copy)]
pub struct Idempotency<'a> {
    /// Caller and key, in any text that keeps two callers apart.
    pub entry: &'a str,
    /// A digest of the request: method, route and body. No spaces.
    pub fingerprint: &'a str,
}
