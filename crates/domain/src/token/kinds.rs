//! What a token of each kind says, how it is signed, and how it is read back.
//!
//! The same values give the same token every time. A token keeps whole seconds, so the times that
//! are read from one are whole seconds too.

use serde::{Deserialize, Serialize};

use super::verifying::{decode_json, in_time};
use super::{BUYER_AUDIENCE, Claims, ISSUER, Purpose, SigningKeys, TokenError, VerifyingKeys};
use crate::id::{BookingId, EventId, SessionId, UserId};
use crate::time::Instant;

/// Life of a receipt, from the moment of joining: longer than any draw is open.
pub const RECEIPT_TTL_S: i64 = 90 * 24 * 60 * 60;

/// Names a buyer: a guest, or the owner of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuyerToken {
    /// The buyer.
    pub user: UserId,
    /// The session by which an account is signed in; none of a guest.
    pub session: Option<SessionId>,
    /// A name of its own.
    pub id: String,
    /// When it was issued.
    pub issued_at: Instant,
    /// When it ends.
    pub expires_at: Instant,
}

impl BuyerToken {
    /// The token.
    ///
    /// # Errors
    ///
    /// [`TokenError::Invalid`] when it cannot be written as JSON: a defect of ours.
    pub fn sign(&self, keys: &SigningKeys) -> Result<String, TokenError> {
        keys.sign(Purpose::Buyer, &self.claims())
    }

    /// Reads a token back.
    ///
    /// # Errors
    ///
    /// [`TokenError::Expired`] for one that is valid in everything but its time, with
    /// [`CLOCK_SKEW_MAX_S`](super::CLOCK_SKEW_MAX_S) of tolerance; [`TokenError::Invalid`] for
    /// everything else.
    pub fn verify(keys: &VerifyingKeys, token: &str, now: Instant) -> Result<Self, TokenError> {
        let claims = keys.verify(Purpose::Buyer, BUYER_AUDIENCE, token, now)?;
        // Verified, so it has these parts.
        let payload = token.split('.').nth(1).ok_or(TokenError::Invalid)?;
        let BuyerMembers { session } = decode_json(payload)?;
        let (issued_at, expires_at) = (at(claims.iat), at(claims.exp));
        Ok(Self { user: claims.sub, session, id: claims.jti, issued_at, expires_at })
    }

    fn claims(&self) -> BuyerClaims {
        let Self { user, session, id, issued_at, expires_at } = self;
        let audience = BUYER_AUDIENCE.to_owned();
        BuyerClaims {
            claims: claims(audience, *user, id.clone(), *issued_at, *expires_at),
            members: BuyerMembers { session: *session },
        }
    }
}

/// A buyer token as it is written.
#[derive(Serialize)]
struct BuyerClaims {
    #[serde(flatten)]
    claims: Claims,
    #[serde(flatten)]
    members: BuyerMembers,
}

/// What only a buyer token says.
#[derive(Serialize, Deserialize)]
struct BuyerMembers {
    /// The session id of OpenID Connect.
    #[serde(rename = "sid", default, skip_serializing_if = "Option::is_none")]
    session: Option<SessionId>,
}

/// Names the guest who uses a browser. Kept in a cookie that scripts cannot read, for longer than a
/// [`BuyerToken`], and worth nothing as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageSession {
    /// The guest.
    pub user: UserId,
    /// A name of its own.
    pub id: String,
    /// When it was issued.
    pub issued_at: Instant,
    /// When it ends.
    pub expires_at: Instant,
}

impl PageSession {
    /// The token.
    ///
    /// # Errors
    ///
    /// As [`BuyerToken::sign`].
    pub fn sign(&self, keys: &SigningKeys) -> Result<String, TokenError> {
        let Self { user, id, issued_at, expires_at } = self;
        let audience = BUYER_AUDIENCE.to_owned();
        let claims = claims(audience, *user, id.clone(), *issued_at, *expires_at);
        keys.sign(Purpose::PageSession, &claims)
    }

    /// Reads a token back.
    ///
    /// # Errors
    ///
    /// As [`BuyerToken::verify`].
    pub fn verify(keys: &VerifyingKeys, token: &str, now: Instant) -> Result<Self, TokenError> {
        let claims = keys.verify(Purpose::PageSession, BUYER_AUDIENCE, token, now)?;
        let (issued_at, expires_at) = (at(claims.iat), at(claims.exp));
        Ok(Self { user: claims.sub, id: claims.jti, issued_at, expires_at })
    }
}

/// Opens the bookings of a guest in another browser: a letter carries it in a link. Whoever has it
/// becomes that guest there, so it ends with its use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingsKey {
    /// The guest.
    pub user: UserId,
    /// The booking that the letter is about; none when it is about several.
    pub booking: Option<BookingId>,
    /// A name of its own: that of the letter.
    pub id: String,
    /// When it was issued.
    pub issued_at: Instant,
    /// When it ends.
    pub expires_at: Instant,
}

impl BookingsKey {
    /// The token.
    ///
    /// # Errors
    ///
    /// As [`BuyerToken::sign`].
    pub fn sign(&self, keys: &SigningKeys) -> Result<String, TokenError> {
        let Self { user, booking, id, issued_at, expires_at } = self;
        let audience = booking.map_or_else(|| BUYER_AUDIENCE.to_owned(), |it| it.to_string());
        let claims = claims(audience, *user, id.clone(), *issued_at, *expires_at);
        keys.sign(Purpose::BookingsKey, &claims)
    }

    /// Reads a token back.
    ///
    /// # Errors
    ///
    /// As [`BuyerToken::verify`].
    pub fn verify(keys: &VerifyingKeys, token: &str, now: Instant) -> Result<Self, TokenError> {
        let claims = keys.verify_bookings_key(token, now)?;
        let booking = match claims.aud.as_str() {
            BUYER_AUDIENCE => None,
            booking => Some(booking.parse().map_err(|_| TokenError::Invalid)?),
        };
        let (issued_at, expires_at) = (at(claims.iat), at(claims.exp));
        Ok(Self { user: claims.sub, booking, id: claims.jti, issued_at, expires_at })
    }
}

/// Lets a buyer reserve once: the signed form of an admission that is on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuePass {
    /// The event.
    pub event: EventId,
    /// The buyer.
    pub user: UserId,
    /// The id of the pass on record.
    pub id: String,
    /// When the buyer was let in.
    pub issued_at: Instant,
    /// When the pass ends.
    pub expires_at: Instant,
}

impl QueuePass {
    /// The token.
    ///
    /// # Errors
    ///
    /// As [`BuyerToken::sign`].
    pub fn sign(&self, keys: &SigningKeys) -> Result<String, TokenError> {
        keys.sign(Purpose::QueuePass, &self.claims())
    }

    /// Reads a token for `event` back.
    ///
    /// # Errors
    ///
    /// As [`BuyerToken::verify`].
    pub fn verify(
        keys: &VerifyingKeys,
        event: EventId,
        token: &str,
        now: Instant,
    ) -> Result<Self, TokenError> {
        let claims = keys.verify(Purpose::QueuePass, &event.to_string(), token, now)?;
        let (issued_at, expires_at) = (at(claims.iat), at(claims.exp));
        Ok(Self { event, user: claims.sub, id: claims.jti, issued_at, expires_at })
    }

    /// Reads a token for `event` back, which may have ended, and whether it has: a pause of the
    /// sale gives a pass more time than it says.
    ///
    /// # Errors
    ///
    /// [`TokenError::Invalid`] for a token that is not genuine.
    pub fn verify_genuine(
        keys: &VerifyingKeys,
        event: EventId,
        token: &str,
        now: Instant,
    ) -> Result<(Self, bool), TokenError> {
        let audience = event.to_string();
        let claims = keys.verify_genuine(Purpose::QueuePass, &audience, token, now)?;
        let has_ended = in_time(&claims, now).is_err();
        let (issued_at, expires_at) = (at(claims.iat), at(claims.exp));
        let pass = Self { event, user: claims.sub, id: claims.jti, issued_at, expires_at };
        Ok((pass, has_ended))
    }

    pub(super) fn claims(&self) -> Claims {
        let Self { event, user, id, issued_at, expires_at } = self;
        claims(event.to_string(), *user, id.clone(), *issued_at, *expires_at)
    }
}

/// Proves a place in the queue of an event, for [`RECEIPT_TTL_S`] from joining.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceReceipt {
    /// The event.
    pub event: EventId,
    /// Whose place it is.
    pub user: UserId,
    /// The number of the place.
    pub number: i64,
    /// The order in the line, draw and number in one.
    pub score: i64,
    /// When the place was made.
    pub joined_at: Instant,
}

/// A receipt as it is written.
#[derive(Serialize)]
pub(super) struct ReceiptClaims {
    #[serde(flatten)]
    pub(super) claims: Claims,
    #[serde(flatten)]
    pub(super) members: ReceiptMembers,
}

/// What only a receipt says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReceiptMembers {
    number: i64,
    score: i64,
    joined_ms: i64,
}

impl PlaceReceipt {
    /// The token.
    ///
    /// # Errors
    ///
    /// As [`BuyerToken::sign`].
    pub fn sign(&self, keys: &SigningKeys) -> Result<String, TokenError> {
        keys.sign(Purpose::Receipt, &self.claims())
    }

    /// Reads a receipt of any event back.
    ///
    /// # Errors
    ///
    /// As [`BuyerToken::verify`].
    pub fn verify(keys: &VerifyingKeys, token: &str, now: Instant) -> Result<Self, TokenError> {
        let (claims, members) = keys.verify_receipt(token, now)?;
        let ReceiptMembers { number, score, joined_ms } = members;
        let event = claims.aud.parse().map_err(|_| TokenError::Invalid)?;
        let joined_at = Instant::from_unix_ms(joined_ms);
        Ok(Self { event, user: claims.sub, number, score, joined_at })
    }

    pub(super) fn claims(&self) -> ReceiptClaims {
        let Self { event, user, number, score, joined_at } = *self;
        let ends_at = joined_at.plus_ms(RECEIPT_TTL_S * 1_000);
        ReceiptClaims {
            claims: claims(event.to_string(), user, number.to_string(), joined_at, ends_at),
            members: ReceiptMembers { number, score, joined_ms: joined_at.unix_ms() },
        }
    }
}

/// Lets its bearer follow one buyer's place in one queue for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamTicket {
    /// The event.
    pub event: EventId,
    /// Whose place it is.
    pub user: UserId,
    /// The number of the place.
    pub number: i64,
    /// When it was issued.
    pub issued_at: Instant,
    /// When it ends.
    pub expires_at: Instant,
}

impl StreamTicket {
    /// The token.
    ///
    /// # Errors
    ///
    /// As [`BuyerToken::sign`].
    pub fn sign(&self, keys: &SigningKeys) -> Result<String, TokenError> {
        let Self { event, user, number, issued_at, expires_at } = *self;
        let claims = claims(event.to_string(), user, number.to_string(), issued_at, expires_at);
        keys.sign(Purpose::StreamTicket, &claims)
    }

    /// Reads the ticket of a place in the queue of `event` back.
    ///
    /// # Errors
    ///
    /// As [`BuyerToken::verify`].
    pub fn verify(
        keys: &VerifyingKeys,
        event: EventId,
        token: &str,
        now: Instant,
    ) -> Result<Self, TokenError> {
        let claims = keys.verify(Purpose::StreamTicket, &event.to_string(), token, now)?;
        let number = claims.jti.parse().map_err(|_| TokenError::Invalid)?;
        let (issued_at, expires_at) = (at(claims.iat), at(claims.exp));
        Ok(Self { event, user: claims.sub, number, issued_at, expires_at })
    }
}

fn claims(
    audience: String,
    user: UserId,
    id: String,
    issued_at: Instant,
    expires_at: Instant,
) -> Claims {
    Claims {
        iss: ISSUER.to_owned(),
        aud: audience,
        sub: user,
        jti: id,
        iat: issued_at.unix_s(),
        exp: expires_at.unix_s(),
    }
}

/// The instant of a claim in seconds.
fn at(seconds: i64) -> Instant {
    Instant::from_unix_ms(seconds.saturating_mul(1_000))
}
