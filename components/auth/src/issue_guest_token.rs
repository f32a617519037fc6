//! `POST /api/v1/auth/guest`: a token for a buyer without an account. Nothing is stored.

use domain::id::UserId;
use domain::rate::RouteClass;
use domain::time::Instant;
use domain::token::{BUYER_AUDIENCE, Claims, ISSUER, Purpose};
use guest::{Call, Problem, Reply, clock, limit, variables};
use serde::Serialize;
use uuid::Uuid;

/// Life of a guest token: a day, so that a fan who joins the draw the evening before still owns
/// the place, and the tickets, in the morning.
const GUEST_TOKEN_TTL_MS: i64 = 24 * 60 * 60 * 1_000;

#[derive(Serialize)]
struct GuestToken {
    token: String,
    user_id: UserId,
    expires_at: Instant,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    limit::address(&call, RouteClass::Guest).await?;
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
    Reply::created(&GuestToken { token, user_id, expires_at })
}
