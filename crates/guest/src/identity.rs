//! Guest tokens, signed with the keys of the manifest.

use domain::id::UserId;
use service::identity::{self, GuestToken};
use uuid::Uuid;

use crate::problem::Problem;
use crate::{clock, variables};

/// Makes a guest. The caller counts it against the rate of guests first.
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
pub async fn token_of(user: UserId) -> Result<GuestToken, Problem> {
    let keys = variables::signing_keys().await?;
    Ok(identity::token_of(&keys, user, Uuid::now_v7(), clock::now())?)
}
