//! Guests: a buyer without an account is a token that we sign. Nothing is stored.
//!
//! A token is short-lived. Its user gets a new one for a proof: a token that has not ended, or the
//! receipt of a place, which lives for months.

use domain::id::{SessionId, UserId};
use domain::time::Instant;
use domain::token::{BuyerToken, PageSession, SigningKeys};
use serde::Serialize;
use uuid::Uuid;

use crate::Refusal;

/// Life of a guest token: a day, so that a client that never renews one still owns in the morning
/// the place of a draw that it joined the evening before.
const GUEST_TOKEN_TTL_MS: i64 = 24 * 60 * 60 * 1_000;

/// Life of the token of an account: short, because it outlives the end of its session.
const ACCOUNT_TOKEN_TTL_MS: i64 = 15 * 60 * 1_000;

/// Life of a refresh token, in s.
pub const REFRESH_TOKEN_TTL_S: i64 = 30 * 24 * 60 * 60;

/// Life of the session of a browser, in seconds: as long as the receipt of a place.
pub const SESSION_TTL_S: i64 = domain::token::RECEIPT_TTL_S;

/// What names a guest for a day.
#[derive(Debug, Serialize)]
pub struct GuestToken {
    /// For `Authorization: Bearer`.
    pub token: String,
    /// The guest.
    pub user_id: UserId,
    /// When the token ends.
    pub expires_at: Instant,
}

/// A new token of `user_id`, who has proved to be that one; `token_id` is its own id.
///
/// # Errors
///
/// `internal` when it cannot be signed.
pub fn token_of(
    keys: &SigningKeys,
    user_id: UserId,
    token_id: Uuid,
    now: Instant,
) -> Result<GuestToken, Refusal> {
    let expires_at = now.plus_ms(GUEST_TOKEN_TTL_MS);
    let id = token_id.to_string();
    let buyer = BuyerToken { user: user_id, session: None, id, issued_at: now, expires_at };
    let token = buyer.sign(keys).map_err(|error| Refusal::internal(error.to_string()))?;
    Ok(GuestToken { token, user_id, expires_at })
}

/// A token of the account of `user_id`, signed in by `session`, and when it ends.
///
/// # Errors
///
/// `internal` when it cannot be signed.
pub fn account_token(
    keys: &SigningKeys,
    user_id: UserId,
    session: SessionId,
    token_id: Uuid,
    now: Instant,
) -> Result<(String, Instant), Refusal> {
    let expires_at = now.plus_ms(ACCOUNT_TOKEN_TTL_MS);
    let id = token_id.to_string();
    let session = Some(session);
    let token = BuyerToken { user: user_id, session, id, issued_at: now, expires_at };
    let token = token.sign(keys).map_err(|error| Refusal::internal(error.to_string()))?;
    Ok((token, expires_at))
}

/// What names a guest to the pages; `id` is its own name.
///
/// # Errors
///
/// `internal` when it cannot be signed.
pub fn session_of(
    keys: &SigningKeys,
    user: UserId,
    id: Uuid,
    issued_at: Instant,
) -> Result<String, Refusal> {
    let expires_at = issued_at.plus_ms(SESSION_TTL_S.saturating_mul(1_000));
    let session = PageSession { user, id: id.to_string(), issued_at, expires_at };
    session.sign(keys).map_err(|error| Refusal::internal(error.to_string()))
}

/// Whether it is time for a new token: half of the life of this one is over.
pub fn is_due(issued_at: Instant, expires_at: Instant, now: Instant) -> bool {
    let end_ms = expires_at.unix_ms();
    let left_ms = end_ms.saturating_sub(now.unix_ms());
    left_ms.saturating_mul(2) < end_ms.saturating_sub(issued_at.unix_ms())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_after_half_of_its_life() {
        let issued_at = Instant::from_unix_ms(1_000_000);
        let at = |hours: i64| issued_at.plus_ms(hours * 3_600_000);
        assert!(!is_due(issued_at, at(24), at(12)));
        assert!(is_due(issued_at, at(24), at(13)));
        assert!(is_due(issued_at, at(24), at(25)));
    }
}
