//! Who calls.

use data_encoding::HEXLOWER;
use domain::code::Code;
use domain::id::{EventId, UserId};
use domain::stripe::SECRET_LENGTH_MIN;
use domain::time::Instant;
use domain::token::{BUYER_AUDIENCE, Claims, Purpose, TokenError};
use http::{HeaderValue, header};
use sale::Receipt;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::call::Call;
use crate::clock::now;
use crate::problem::Problem;
use crate::variables;

/// A caller who may act on a booking: its owner, or the organiser on anyone's behalf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// A buyer.
    Buyer(UserId),
    /// The organiser.
    Organiser,
}

impl Caller {
    /// Whether what belongs to `owner` may be seen by this caller. To anyone else it does not
    /// exist.
    pub fn may_see(self, owner: UserId) -> bool {
        match self {
            Self::Buyer(user) => user == owner,
            Self::Organiser => true,
        }
    }

    /// Names the caller in the scope of idempotency keys.
    pub fn scope(self) -> String {
        match self {
            Self::Buyer(user) => user.to_string(),
            Self::Organiser => "organiser".to_owned(),
        }
    }
}

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

/// The buyer who calls, or whom the `ticket` in the address stands for: a page cannot give an
/// event stream a header.
///
/// # Errors
///
/// 401 without a valid buyer token or ticket for `event`, 403 for the organiser's key.
pub async fn buyer_or_ticket(call: &Call, event: EventId) -> Result<UserId, Problem> {
    let ticket = match call.query("ticket") {
        Some(ticket) if !call.headers.contains_key(header::AUTHORIZATION) => ticket,
        _ => return buyer(call).await,
    };
    let keys = variables::verifying_keys().await?;
    let claims = keys
        .verify(Purpose::StreamTicket, &event.to_string(), ticket, now())
        .map_err(unauthenticated)?;
    Ok(claims.sub)
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

/// The buyer whom a token names, however it came.
///
/// # Errors
///
/// 401 without a valid buyer token.
pub async fn buyer_of_token(token: &str) -> Result<UserId, Problem> {
    Ok(buyer_claims(token).await?.map_err(unauthenticated)?.sub)
}

/// What a buyer token says.
///
/// # Errors
///
/// 503 without verifying keys. Within: why it is no valid buyer token.
pub async fn buyer_claims(token: &str) -> Result<Result<Claims, TokenError>, Problem> {
    let keys = variables::verifying_keys().await?;
    Ok(keys.verify(Purpose::Buyer, BUYER_AUDIENCE, token, now()))
}

/// Who somebody proves to be who asks for a guest token: by an earlier token, or by the receipt of
/// a place, of whichever event, in `X-Queue-Receipt`. Nobody, when neither is there.
///
/// # Errors
///
/// 401 when what is there proves nothing, or two different buyers: somebody who believes to be
/// known must not become somebody else without a word.
pub async fn proven_guest(call: &Call) -> Result<Option<UserId>, Problem> {
    // Another scheme is for somebody on the way, such as a proxy with a password of its own.
    let is_bearer = |value: &HeaderValue| {
        value.as_bytes().get(..7).is_some_and(|it| it.eq_ignore_ascii_case(b"bearer "))
    };
    let by_token = if call.headers.get_all(header::AUTHORIZATION).iter().any(is_bearer) {
        Some(buyer_claims(bearer(call)?).await?.map(|claims| claims.sub))
    } else {
        None
    };
    let by_receipt = match call.headers.get("x-queue-receipt").map(|value| value.to_str()) {
        Some(Ok(receipt)) => {
            let keys = variables::verifying_keys().await?;
            Some(keys.verify_receipt(receipt, now()).map(|claims| claims.sub))
        }
        Some(Err(_)) => Some(Err(TokenError::Invalid)),
        None => None,
    };
    proven(by_token, by_receipt)
}

/// What is only past its time says nothing beside a proof that is not. What is not genuine is never
/// passed over.
fn proven(
    by_token: Option<Result<UserId, TokenError>>,
    by_receipt: Option<Result<UserId, TokenError>>,
) -> Result<Option<UserId>, Problem> {
    match (by_token, by_receipt) {
        (None, None) => Ok(None),
        (Some(Err(TokenError::Invalid)), _) => Err(unauthenticated(TokenError::Invalid)),
        (_, Some(Err(TokenError::Invalid))) => {
            Err(Problem::new(Code::Unauthenticated, "the receipt is not valid"))
        }
        (Some(Ok(user)), Some(Ok(owner))) if user != owner => {
            let detail = "the token and the receipt are of two buyers";
            Err(Problem::new(Code::Unauthenticated, detail))
        }
        (Some(Ok(user)), _) | (_, Some(Ok(user))) => Ok(Some(user)),
        (Some(Err(TokenError::Expired)), _) => Err(unauthenticated(TokenError::Expired)),
        (None, Some(Err(TokenError::Expired))) => {
            Err(Problem::new(Code::Unauthenticated, "the receipt has expired"))
        }
    }
}

fn unauthenticated(error: TokenError) -> Problem {
    Problem::new(Code::Unauthenticated, error.to_string())
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

/// What the header `X-Queue-Pass` is worth for `event` and `user`, before Redis is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PassHeader {
    /// No header.
    Absent,
    /// A good signature for this event and user, in time.
    Signed(Claims),
    /// The same, past its time.
    Expired,
}

/// Reads the queue pass. Whether it is still unused, only Redis knows.
///
/// # Errors
///
/// 403 `queue_pass_invalid` when it is forged, of another event or of another user.
pub async fn queue_pass(call: &Call, event: EventId, user: UserId) -> Result<PassHeader, Problem> {
    let Some(value) = call.headers.get("x-queue-pass") else { return Ok(PassHeader::Absent) };
    let invalid = || Problem::of(Code::QueuePassInvalid);
    let token = value.to_str().map_err(|_| invalid())?;
    let keys = variables::verifying_keys().await?;
    match keys.verify(Purpose::QueuePass, &event.to_string(), token, now()) {
        Ok(claims) if claims.sub == user => Ok(PassHeader::Signed(claims)),
        Err(TokenError::Expired) => Ok(PassHeader::Expired),
        Ok(_) | Err(TokenError::Invalid) => Err(invalid()),
    }
}

/// The receipt of a place in the queue of `event`: `X-Queue-Receipt`, or `elsewhere`. One that is
/// not genuine, or of another event or user, is none: its owner can still join like everybody else.
///
/// # Errors
///
/// 503 without verifying keys.
pub async fn queue_receipt(
    call: &Call,
    elsewhere: Option<&str>,
    event: EventId,
    user: UserId,
) -> Result<Option<Receipt>, Problem> {
    let Some(token) = call.header("x-queue-receipt").or(elsewhere) else { return Ok(None) };
    let found = receipt_and_owner(event, token).await?;
    Ok(found.filter(|(_, owner)| *owner == user).map(|(receipt, _)| receipt))
}

/// What a receipt is worth in the queue of `event`, and whose it is; nothing, when it is not
/// genuine or of another event.
///
/// # Errors
///
/// 503 without verifying keys.
pub async fn receipt_and_owner(
    event: EventId,
    token: &str,
) -> Result<Option<(Receipt, UserId)>, Problem> {
    let keys = variables::verifying_keys().await?;
    let claims = keys.verify(Purpose::Receipt, &event.to_string(), token, now());
    Ok(claims.ok().and_then(|claims| {
        let receipt = Receipt {
            number: claims.number?,
            score: claims.score?,
            joined_at: Instant::from_unix_ms(claims.joined_ms?),
        };
        Some((receipt, claims.sub))
    }))
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
    fn what_belongs_to_a_buyer_is_seen_by_the_buyer_and_the_organiser() {
        let user = |last: u128| UserId::from_uuid(uuid::Uuid::from_u128(last));
        assert!(Caller::Buyer(user(1)).may_see(user(1)));
        assert!(!Caller::Buyer(user(2)).may_see(user(1)));
        assert!(Caller::Organiser.may_see(user(1)));
    }

    #[test]
    fn a_guest_is_who_a_proof_names_and_never_silently_somebody_new() {
        use TokenError::{Expired, Invalid};
        let user = |last: u128| UserId::from_uuid(uuid::Uuid::from_u128(last));
        let (one, other) = (user(1), user(2));
        for (token, receipt, who) in [
            (None, None, Ok(None)),
            (Some(Ok(one)), None, Ok(Some(one))),
            (None, Some(Ok(one)), Ok(Some(one))),
            (Some(Ok(one)), Some(Ok(one)), Ok(Some(one))),
            (Some(Ok(one)), Some(Err(Expired)), Ok(Some(one))),
            (Some(Err(Expired)), Some(Ok(one)), Ok(Some(one))),
            (Some(Ok(one)), Some(Ok(other)), Err(())),
            (Some(Err(Expired)), None, Err(())),
            (None, Some(Err(Expired)), Err(())),
            (Some(Err(Expired)), Some(Err(Expired)), Err(())),
            (Some(Err(Invalid)), Some(Ok(one)), Err(())),
            (Some(Ok(one)), Some(Err(Invalid)), Err(())),
            (Some(Err(Expired)), Some(Err(Invalid)), Err(())),
            (None, Some(Err(Invalid)), Err(())),
        ] {
            let found = proven(token, receipt);
            let refused = found.as_ref().is_err_and(|it| it.code == Code::Unauthenticated);
            assert_eq!(found.is_err(), refused, "{token:?} {receipt:?}");
            assert_eq!(found.map_err(|_| ()), who, "{token:?} {receipt:?}");
        }
    }

    #[test]
    fn a_secret_is_compared_as_a_whole() {
        assert!(same_secret("a secret", "a secret"));
        for other in ["", "a", "a secre", "a secret ", "b secret"] {
            assert!(!same_secret(other, "a secret"), "{other}");
        }
    }
}
