//! Guests: a buyer without an account is a token that we sign. Nothing is stored.
//!
//! A token is short-lived and is renewed for whoever proves to be its user: by a token that has not
//! ended, or by the receipt of a place, which lives for months.

use domain::id::UserId;
use domain::time::Instant;
use domain::token::BuyerToken;
use serde::Serialize;
use uuid::Uuid;

use crate::problem::Problem;
use crate::{clock, variables};

/// Life of a guest token: a day, so that a client that never renews one still owns in the morning
/// the place of a draw that it joined the evening before.
const GUEST_TOKEN_TTL_MS: i64 = 24 * 60 * 60 * 1_000;

/// What names a guest for a day.
#[derive(Debug, Serialize)]
pub struct GuestToken {
    /// For `Authorization: Bearer`.
    pub token: String,
    /// Who the guest is.
    pub user_id: UserId,
    /// When the token ends.
    pub expires_at: Instant,
}

/// Makes a guest. Whoever calls this counts it against the rate of guests first.
///
/// # Errors
///
/// 503 without signing keys.
pub async fn new_guest() -> Result<GuestToken, Problem> {
    token_of(UserId::from_uuid(Uuid::now_v7())).await
}

/// A new token of `user`, who has proved to be that one.
///
/// # Errors
///
/// 503 without signing keys.
pub async fn token_of(user_id: UserId) -> Result<GuestToken, Problem> {
    let keys = variables::signing_keys().await?;
    let now = clock::now();
    let expires_at = now.plus_ms(GUEST_TOKEN_TTL_MS);
    let id = Uuid::now_v7().to_string();
    let buyer = BuyerToken { user: user_id, id, issued_at: now, expires_at };
    let token = buyer.sign(&keys).map_err(|error| Problem::internal(error.to_string()))?;
    Ok(GuestToken { token, user_id, expires_at })
}

/// Whether it is time for a new token: half of the life of this one is over.
pub fn is_due_for_renewal(token: &BuyerToken) -> bool {
    let end_ms = token.expires_at.unix_ms();
    let left_ms = end_ms.saturating_sub(clock::now().unix_ms());
    left_ms.saturating_mul(2) < end_ms.saturating_sub(token.issued_at.unix_ms())
}
