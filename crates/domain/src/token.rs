//! Signed tokens: buyer tokens, queue passes and receipts.
//!
//! A token is a JWT in compact form (RFC 7519) with one fixed profile (after RFC 8725): the
//! algorithm is EdDSA over Ed25519, the header is exactly `{"alg","typ","kid"}`, and each purpose
//! has a `typ` of its own, so that none can stand in for another. Nothing in a header decides how a
//! token is verified: the algorithm is fixed and `kid` is only looked up among the known keys.
//!
//! Private and public keys are two types, so that what only verifies never holds what signs.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::id::{EventId, UserId};
use crate::time::Instant;

mod signing;
#[cfg(test)]
mod tests;
mod verifying;

pub use signing::SigningKeys;
pub use verifying::{PublicKey, VerifyingKeys};

/// The issuer in every token.
pub const ISSUER: &str = "boxoffice";
/// The audience of buyer tokens.
pub const BUYER_AUDIENCE: &str = "boxoffice";
/// A longer token is refused before anything of it is read.
pub const TOKEN_LENGTH_MAX: usize = 2_048;
/// How far the clocks of two machines may be apart, in seconds.
pub const CLOCK_SKEW_MAX_S: i64 = 60;
/// Keys of a kind at most: two while rolling, and one to spare.
pub const KEYS_MAX: usize = 3;
/// The longest key id.
const KEY_ID_LENGTH_MAX: usize = 32;

const ALGORITHM: &str = "EdDSA";

/// What a token is for; its `typ`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Names a buyer: `buyer+jwt`.
    Buyer,
    /// Lets a buyer reserve once: `qpass+jwt`.
    QueuePass,
    /// Proves a place in the queue: `receipt+jwt`.
    Receipt,
    /// Lets its bearer follow one buyer's place in one queue for a while: `ticket+jwt`.
    StreamTicket,
}

impl Purpose {
    /// The value of `typ`.
    pub const fn typ(self) -> &'static str {
        match self {
            Self::Buyer => "buyer+jwt",
            Self::QueuePass => "qpass+jwt",
            Self::Receipt => "receipt+jwt",
            Self::StreamTicket => "ticket+jwt",
        }
    }
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token of this profile, or not signed by a known key.
    #[error("the token is not valid")]
    Invalid,
    /// A valid token past its time.
    #[error("the token has expired")]
    Expired,
}

/// The keys cannot be read from their text. The text itself is never repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// No key at all.
    #[error("no key is configured")]
    Empty,
    /// More than [`KEYS_MAX`] keys, or two of one name.
    #[error("there are too many keys, or two have the same id")]
    TooMany,
    /// An entry is not `kid:key`, or the key is not one of Ed25519.
    #[error("a key is not `kid:key` with 32 bytes in base64url without padding")]
    Malformed,
}

/// The header, exactly: an unknown member (`jku`, `jwk`, `crit`, …) makes the token invalid.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// The claims of every token. Times are whole seconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it: [`ISSUER`].
    pub iss: String,
    /// Whom it is for: [`BUYER_AUDIENCE`] or an event id.
    pub aud: String,
    /// The user.
    pub sub: UserId,
    /// A name of its own, unique among tokens of its kind.
    pub jti: String,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// When it ends, in seconds.
    pub exp: i64,
    /// Receipts only: the number in the queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// Receipts only: the order in the line, draw and number in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<i64>,
    /// Receipts only: when the place was made, in ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_ms: Option<i64>,
}

/// The claims of a pass that the admission on record stands for. The same record gives the same
/// token every time.
pub fn pass_claims(
    event: EventId,
    user: UserId,
    pass_id: &str,
    issued_at: Instant,
    expires_at: Instant,
) -> Claims {
    Claims {
        iss: ISSUER.to_owned(),
        aud: event.to_string(),
        sub: user,
        jti: pass_id.to_owned(),
        iat: issued_at.unix_s(),
        exp: expires_at.unix_s(),
        number: None,
        score: None,
        joined_ms: None,
    }
}

/// Life of a receipt, from the moment of joining: longer than any draw is open.
pub const RECEIPT_TTL_S: i64 = 90 * 24 * 60 * 60;

/// The claims of the receipt of a place. The same place gives the same receipt every time.
pub fn receipt_claims(
    event: EventId,
    user: UserId,
    number: i64,
    score: i64,
    joined_at: Instant,
) -> Claims {
    Claims {
        iss: ISSUER.to_owned(),
        aud: event.to_string(),
        sub: user,
        jti: number.to_string(),
        iat: joined_at.unix_s(),
        exp: joined_at.unix_s().saturating_add(RECEIPT_TTL_S),
        number: Some(number),
        score: Some(score),
        joined_ms: Some(joined_at.unix_ms()),
    }
}

/// Reads `kid:key` entries separated by commas: the key 32 bytes in base64url without padding,
/// `kid` 1 to 32 letters, digits, `-` or `_`. `make` turns the bytes into a key.
fn parse_keys<K>(
    text: &str,
    make: impl Fn([u8; 32]) -> Option<K>,
) -> Result<Vec<(String, K)>, KeysError> {
    let mut keys: Vec<(String, K)> = Vec::new();
    for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        let (id, key) = entry.split_once(':').ok_or(KeysError::Malformed)?;
        let id_fits = (1..=KEY_ID_LENGTH_MAX).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let bytes = BASE64URL_NOPAD.decode(key.as_bytes()).ok().and_then(|it| it.try_into().ok());
        let key = bytes.and_then(&make).filter(|_| id_fits).ok_or(KeysError::Malformed)?;
        if keys.len() == KEYS_MAX || keys.iter().any(|(other, _)| other == id) {
            return Err(KeysError::TooMany);
        }
        keys.push((id.to_owned(), key));
    }
    if keys.is_empty() { Err(KeysError::Empty) } else { Ok(keys) }
}
