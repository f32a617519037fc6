//! Who calls, and what the tokens of a request are worth.

mod guest;
mod queue;

use data_encoding::HEXLOWER;
use domain::code::Code;
use domain::id::{SessionId, UserId};
use domain::stripe::SECRET_LENGTH_MIN;
use domain::token::{BuyerToken, TokenError};
use http::header;
use service::door::{self, DoorRight};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::call::Call;
use crate::clock::now;
use crate::problem::Problem;
use crate::{session, variables};

pub use guest::proven_guest;
pub use queue::{PassHeader, buyer_or_ticket, queue_pass, queue_receipt, receipt_and_owner};
pub use service::Caller;

/// The buyer who calls.
///
/// # Errors
///
/// 401 without a valid buyer token, 403 for the organiser's key.
pub async fn buyer(call: &Call) -> Result<UserId, Problem> {
    match caller(call).await? {
        Caller::Buyer(user) => Ok(user),
        Caller::Organiser => Err(Problem::of(Code::Forbidden)),
    }
}

/// Somebody who is signed in to an account. Whether the session has ended meanwhile, the ledger
/// knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountCaller {
    /// The owner.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
}

/// The account that calls.
///
/// # Errors
///
/// 401 without valid credentials, 403 `account_required` for a guest and for the organiser's key.
pub async fn account(call: &Call) -> Result<AccountCaller, Problem> {
    let token = bearer(call)?;
    if is_organiser(token).await? {
        return Err(Problem::of(Code::AccountRequired));
    }
    let BuyerToken { user, session, .. } = buyer_token(token).await?.map_err(unauthenticated)?;
    let session = session.ok_or_else(|| Problem::of(Code::AccountRequired))?;
    Ok(AccountCaller { user, session })
}

/// The buyer who calls, and whether by an account.
///
/// # Errors
///
/// As [`buyer`].
pub async fn buyer_or_account(call: &Call) -> Result<(UserId, bool), Problem> {
    let token = bearer(call)?;
    if is_organiser(token).await? {
        return Err(Problem::of(Code::Forbidden));
    }
    let token = buyer_token(token).await?.map_err(unauthenticated)?;
    Ok((token.user, token.session.is_some()))
}

/// Checks that the organiser calls.
///
/// # Errors
///
/// 401 without valid credentials, 403 for a buyer, 503 while no organiser key is configured.
pub async fn organiser(call: &Call) -> Result<(), Problem> {
    variables::secret("organiser_key").await?;
    match caller(call).await? {
        Caller::Organiser => Ok(()),
        Caller::Buyer(_) => Err(Problem::of(Code::Forbidden)),
    }
}

/// Checks that the caller may do this at a door, and says who calls.
///
/// # Errors
///
/// As [`organiser`].
pub async fn door(call: &Call, right: DoorRight) -> Result<Caller, Problem> {
    variables::secret("organiser_key").await?;
    let caller = caller(call).await?;
    if door::may(caller, right) { Ok(caller) } else { Err(Problem::of(Code::Forbidden)) }
}

/// The buyer or the organiser who calls.
///
/// # Errors
///
/// 401 without valid credentials.
pub async fn caller(call: &Call) -> Result<Caller, Problem> {
    let token = bearer(call)?;
    if is_organiser(token).await? {
        return Ok(Caller::Organiser);
    }
    buyer_of_token(token).await.map(Caller::Buyer)
}

/// The guest whose browser calls, by its session.
///
/// # Errors
///
/// 401 without one.
pub async fn browser(call: &Call) -> Result<Caller, Problem> {
    let session = session::known(call).await?;
    let session = session.ok_or_else(|| Problem::of(Code::Unauthenticated))?;
    Ok(Caller::Buyer(session.user))
}

/// The buyer whom a token names, however it came.
///
/// # Errors
///
/// 401 without a valid buyer token.
pub async fn buyer_of_token(token: &str) -> Result<UserId, Problem> {
    Ok(buyer_token(token).await?.map_err(unauthenticated)?.user)
}

/// What a buyer token says.
///
/// # Errors
///
/// 503 without verifying keys. Within: why it is no valid buyer token.
pub async fn buyer_token(token: &str) -> Result<Result<BuyerToken, TokenError>, Problem> {
    let keys = variables::verifying_keys().await?;
    Ok(BuyerToken::verify(&keys, token, now()))
}

fn unauthenticated(error: TokenError) -> Problem {
    Problem::new(Code::Unauthenticated, error.to_string())
}

/// Whether `given` is the organiser's key, for those who sign in with it.
///
/// # Errors
///
/// 503 while no organiser key is configured.
pub async fn is_organiser_key(given: &str) -> Result<bool, Problem> {
    let key = variables::secret("organiser_key").await?;
    // mutant: any-key-opens-the-door
    Ok(same_secret(given, &key))
}

/// Whether the token is the organiser's key. A component without routes of the organiser knows
/// only the key's digest: enough to tell the right caller with the wrong right (403).
async fn is_organiser(token: &str) -> Result<bool, Problem> {
    let key = variables::text("organiser_key").await?;
    if !key.is_empty() {
        return Ok(key.len() >= SECRET_LENGTH_MIN && same_secret(token, &key));
    }
    let digest = variables::text("organiser_key_digest").await?;
    Ok(same_secret(&HEXLOWER.encode(&Sha256::digest(token)), &digest))
}

/// Checks that the scheduler calls.
///
/// # Errors
///
/// 401 without the worker key, 503 while none is configured.
pub async fn scheduler(call: &Call) -> Result<(), Problem> {
    let key = variables::secret("worker_key").await?;
    let token = bearer(call)?;
    if same_secret(token, &key) { Ok(()) } else { Err(Problem::of(Code::Unauthenticated)) }
}

fn bearer(call: &Call) -> Result<&str, Problem> {
    let unauthenticated = || Problem::of(Code::Unauthenticated);
    let mut values = call.headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().and_then(|value| value.to_str().ok()).ok_or_else(unauthenticated)?;
    if values.next().is_some() {
        return Err(unauthenticated());
    }
    let (scheme, token) = value.split_once(' ').ok_or_else(unauthenticated)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(unauthenticated()) }
}

/// Compares in constant time. The length is not secret.
fn same_secret(given: &str, expected: &str) -> bool {
    given.as_bytes().ct_eq(expected.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_compared_as_a_whole() {
        assert!(same_secret("a secret", "a secret"));
        for other in ["", "a", "a secre", "a secret ", "b secret"] {
            assert!(!same_secret(other, "a secret"), "{other}");
        }
    }
}
