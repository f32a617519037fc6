//! Guests: a buyer without an account is a token that we sign. Nothing is stored.

use domain::id::UserId;
use domain::time::Instant;
use domain::token::{BUYER_AUDIENCE, Claims, ISSUER, Purpose};
use serde::Serialize;
use uuid::Uuid;

use crate::problem::Problem;
use crate::{clock, variables};

/// Life of a guest token: a day, so that a fan who joins the draw the evening before still owns
/// the place, and the tickets, in the morning.
pub const GUEST_TOKEN_TTL_MS: i64 = 24 * 60 * 60 * 1_000;

/// A new guest.
#[derive(Debug, Serialize)]
pub struct GuestToken {
    /// For `Authorization: Bearer`.
    pub token: String,
    /// Who the guest is from now on.
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
    let keys = variables::signing_keys().await?;
    let user_id = UserId::from_uuid(Uuid::now_v7());
    let now = clock::now();
    let expires_at = now.plus_ms(GUEST_TOKEN_TTL_MS);
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: BUYER_AUDIENCE.to_owned(),
        sub: user_id,
        jti: Uuid::now_v7().to_string(),
        iat: now.unix_s(),
        exp: expires_at.unix_s(),
        number: None,
        score: None,
        joined_ms: None,
    };
    let token =
        keys.sign(Purpose::Buyer, &claims).map_err(|error| Problem::internal(error.to_string()))?;
    Ok(GuestToken { token, user_id, expires_at })
}
