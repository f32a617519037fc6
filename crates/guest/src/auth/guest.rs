//! The guest that a request for a new guest token proves to be.

use domain::code::Code;
use domain::id::UserId;
use domain::token::{PlaceReceipt, TokenError};
use http::{HeaderValue, header};

use super::{bearer, buyer_token, unauthenticated};
use crate::call::Call;
use crate::clock::now;
use crate::problem::Problem;
use crate::variables;

/// The buyer that a request for a guest token proves to be: by an earlier token, or by the receipt
/// of a place, of whichever event, in `X-Queue-Receipt`. Nobody, when the request has neither.
///
/// # Errors
///
/// 403 for the token of an account, which is renewed by its session alone. 401 when a proof is not
/// valid, or the two are of different buyers: a client that believes to be
/// known must not become somebody else without a word.
pub async fn proven_guest(call: &Call) -> Result<Option<UserId>, Problem> {
    // Another scheme is for somebody on the way, such as a proxy with a password of its own.
    let is_bearer = |value: &HeaderValue| {
        value.as_bytes().get(..7).is_some_and(|it| it.eq_ignore_ascii_case(b"bearer "))
    };
    let by_token = if call.headers.get_all(header::AUTHORIZATION).iter().any(is_bearer) {
        let token = buyer_token(bearer(call)?).await?;
        // mutant: accounts-become-guests
        if token.as_ref().is_ok_and(|token| token.session.is_some()) {
            return Err(Problem::new(Code::Forbidden, "this is for guests, not for an account"));
        }
        Some(token.map(|token| token.user))
    } else {
        None
    };
    let by_receipt = match call.headers.get("x-queue-receipt").map(|value| value.to_str()) {
        Some(Ok(receipt)) => {
            let keys = variables::verifying_keys().await?;
            Some(PlaceReceipt::verify(&keys, receipt, now()).map(|receipt| receipt.user))
        }
        Some(Err(_)) => Some(Err(TokenError::Invalid)),
        None => None,
    };
    proven(by_token, by_receipt)
}

/// An expired proof is ignored where the other one is valid. A forged proof always fails the
/// request.
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
        // mutant: two-buyers-are-one
        (Some(Ok(user)), Some(Ok(owner))) if user != owner => {
            let detail = "the token and the receipt are of two buyers";
            Err(Problem::new(Code::Unauthenticated, detail))
        }
        (Some(Ok(user)), _) | (_, Some(Ok(user))) => Ok(Some(user)),
        // mutant: who-comes-too-late-is-somebody-new
        (Some(Err(TokenError::Expired)), _) => Err(unauthenticated(TokenError::Expired)),
        (None, Some(Err(TokenError::Expired))) => {
            Err(Problem::new(Code::Unauthenticated, "the receipt has expired"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
