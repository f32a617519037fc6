//! Signed tokens: buyer tokens, queue passes and receipts; and codes of tickets, which are shorter.
//!
//! A token is a JWT in compact form (RFC 7519) with one fixed profile (after RFC 8725): the
//! algorithm is EdDSA over Ed25519, the header is exactly `{"alg","typ","kid"}`, and each purpose
//! has a `typ` of its own, so that none can stand in for another. Nothing in a header decides how a
//! token is verified: the algorithm is fixed and `kid` is only looked up among the known keys.
//!
//! Private and public keys are two types, so that what only verifies never holds what signs.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::id::UserId;

mod kinds;
mod sign_in;
mod signing;
#[cfg(test)]
mod tests;
mod ticket_code;
mod verifying;

pub use kinds::{
    BookingsKey, BuyerToken, PageSession, PlaceReceipt, QueuePass, RECEIPT_TTL_S, StreamTicket,
};
pub use sign_in::{CODE_DIGITS, SignInSecrets, code_digest, secret_digest};
pub use signing::SigningKeys;
pub use ticket_code::{TICKET_CODE_LENGTH_MAX, TicketCode};
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
pub(crate) enum Purpose {
    /// Names a buyer: `buyer+jwt`.
    Buyer,
    /// Lets a buyer reserve once: `qpass+jwt`.
    QueuePass,
    /// Proves a place in the queue: `receipt+jwt`.
    Receipt,
    /// Lets its bearer follow one buyer's place in one queue for a while: `ticket+jwt`.
    StreamTicket,
    /// Names the guest who uses a browser, in a cookie: `session+jwt`.
    PageSession,
    /// Opens the bookings of a guest in another browser, in a letter: `bookings+jwt`.
    BookingsKey,
}

impl Purpose {
    /// The value of `typ`.
    pub(crate) const fn typ(self) -> &'static str {
        match self {
            Self::Buyer => "buyer+jwt",
            Self::QueuePass => "qpass+jwt",
            Self::Receipt => "receipt+jwt",
            Self::StreamTicket => "ticket+jwt",
            Self::PageSession => "session+jwt",
            Self::BookingsKey => "bookings+jwt",
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

/// The claims that tokens of every kind carry. Times are whole seconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// Who issued it: [`ISSUER`].
    pub(crate) iss: String,
    /// Whom it is for: [`BUYER_AUDIENCE`], an event id or a booking id.
    pub(crate) aud: String,
    /// The user.
    pub(crate) sub: UserId,
    /// A name of its own, unique among tokens of its kind.
    pub(crate) jti: String,
    /// When it was issued, in seconds.
    pub(crate) iat: i64,
    /// When it ends, in seconds.
    pub(crate) exp: i64,
}

/// The keys of a variable by their ids: at least one.
struct Keys<K> {
    /// The one that signs.
    first: (String, K),
    /// The others, at most [`KEYS_MAX`] - 1.
    rest: Vec<(String, K)>,
}

impl<K> Keys<K> {
    /// Reads `kid:key` entries separated by commas: the key 32 bytes in base64url without padding,
    /// `kid` 1 to 32 letters, digits, `-` or `_`. `make` turns the bytes into a key.
    fn parse(text: &str, make: impl Fn([u8; 32]) -> Option<K>) -> Result<Self, KeysError> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let mut keys = entries.map(|entry| parse_key(entry, &make));
        let mut all = Self { first: keys.next().ok_or(KeysError::Empty)??, rest: Vec::new() };
        for key in keys {
            let key = key?;
            let is_known = all.iter().any(|(id, _)| *id == key.0);
            if is_known || all.rest.len() + 1 == KEYS_MAX {
                return Err(KeysError::TooMany);
            }
            all.rest.push(key);
        }
        Ok(all)
    }

    /// All of them, in their order.
    fn iter(&self) -> impl Iterator<Item = &(String, K)> {
        std::iter::once(&self.first).chain(&self.rest)
    }

    /// Another key for each, under the same id.
    fn map<L>(&self, make: impl Fn(&K) -> L) -> Keys<L> {
        let made = |(id, key): &(String, K)| (id.clone(), make(key));
        Keys { first: made(&self.first), rest: self.rest.iter().map(made).collect() }
    }
}

fn parse_key<K>(
    entry: &str,
    make: impl Fn([u8; 32]) -> Option<K>,
) -> Result<(String, K), KeysError> {
    let (id, key) = entry.split_once(':').ok_or(KeysError::Malformed)?;
    let id_fits = (1..=KEY_ID_LENGTH_MAX).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let bytes = BASE64URL_NOPAD.decode(key.as_bytes()).ok().and_then(|it| it.try_into().ok());
    let key = bytes.and_then(make).filter(|_| id_fits).ok_or(KeysError::Malformed)?;
    Ok((id.to_owned(), key))
}
