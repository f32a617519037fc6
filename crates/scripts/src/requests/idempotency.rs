//! The idempotency key of a request.

/// How long a key is remembered, in ms: the contract promises 24 hours.
pub const ANSWER_LIFE_MS: i64 = 24 * 60 * 60 * 1_000;

/// An idempotency key and what it was used for.
#[derive(Debug, Clone, Copy)]
pub struct Idempotency<'a> {
    /// A digest of caller, route and key: letters and digits, so that nobody can be read from the
    /// name of a key in Redis.
    pub entry: &'a str,
    /// A digest of the request: method, path and body. No spaces.
    pub fingerprint: &'a str,
}
