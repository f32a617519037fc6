//! The meaning of an answer: the one place where statuses and codes of the provider are read.

use http::StatusCode;
use serde::Deserialize;

use crate::currency::NotChargeable;

/// Why an operation has no result. Each variant is one thing that a caller can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// No answer, a conflict with the same request, too many requests, a failure at the provider,
    /// a key that it does not take, or no provider configured. The effect is unknown: try again
    /// later, with the same operation.
    #[error("the payment provider is unavailable: {0}")]
    Unavailable(String),
    /// The payment is in a state that does not allow it: look at it again, then decide.
    #[error("the payment's state does not allow it")]
    UnexpectedState,
    /// The money is back already.
    #[error("the payment is already refunded")]
    AlreadyRefunded,
    /// The provider knows no such payment.
    #[error("the provider knows no such payment")]
    NotFound,
    /// The request is wrong, or we may not make it. Repeating it changes nothing: an operator must
    /// look.
    #[error("the payment provider refused: {0}")]
    Refused(String),
    /// Nothing was sent: the provider takes no such amount.
    #[error("the amount {0}")]
    NotChargeable(#[from] NotChargeable),
}

/// The envelope of an error of the provider.
#[derive(Debug, Default, Deserialize)]
struct ErrorEnvelope {
    #[serde(default)]
    error: ErrorBody,
}

/// Its message is left out on purpose: it can repeat what was sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    #[serde(rename = "type")]
    kind: String,
    code: String,
}

impl ProviderError {
    /// Whether repeating the operation, now or later, is of no use; `None` where the state of the
    /// payment decides, which is to be looked at.
    pub const fn is_definitive(&self) -> Option<bool> {
        match self {
            Self::Unavailable(_) => Some(false),
            Self::UnexpectedState | Self::AlreadyRefunded => None,
            Self::NotFound | Self::Refused(_) | Self::NotChargeable(_) => Some(true),
        }
    }

    /// Reads an answer that is not a success.
    pub(crate) fn of(status: StatusCode, body: &[u8]) -> Self {
        let envelope: ErrorEnvelope = serde_json::from_slice(body).unwrap_or_default();
        let ErrorBody { kind, code } = envelope.error;
        match (status.as_u16(), code.as_str()) {
            // What may pass by itself: too slow, locked by another request, too early, too many, a
            // failure there or behind it. A key that is refused (401, 403) is not among it:
            // somebody has to correct it.
            // mutant: a-no-may-pass
            (408 | 409 | 424 | 425 | 429 | 500..=599, _)
            | (400..=499, "lock_timeout" | "rate_limit") => {
                Self::Unavailable(text(status, &kind, &code))
            }
            (400..=499, "payment_intent_unexpected_state") => Self::UnexpectedState,
            (400..=499, "charge_already_refunded") => Self::AlreadyRefunded,
            (404, _) | (400..=499, "resource_missing") => Self::NotFound,
            // Also 1xx and 3xx: the provider does not redirect, so something else answered.
            _ => Self::Refused(text(status, &kind, &code)),
        }
    }
}

/// Readable alone, bounded, and free of anything that a stranger could have put there.
fn text(status: StatusCode, kind: &str, code: &str) -> String {
    let mut text = format!("status {}", status.as_u16());
    for part in [kind, code] {
        let plain = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if plain && (1..=64).contains(&part.len()) {
            text.push(' ');
            text.push_str(part);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_has_one_meaning() {
        let unavailable = |text: &str| ProviderError::Unavailable(text.to_owned());
        let refused = |text: &str| ProviderError::Refused(text.to_owned());
        for (status, kind, code, meaning) in [
            (400, "invalid_request_error", "payment_intent_unexpected_state", {
                ProviderError::UnexpectedState
            }),
            (400, "invalid_request_error", "charge_already_refunded", {
                ProviderError::AlreadyRefunded
            }),
            (404, "invalid_request_error", "resource_missing", ProviderError::NotFound),
            (404, "", "", ProviderError::NotFound),
            (409, "idempotency_error", "idempotency_key_in_use", {
                unavailable("status 409 idempotency_error idempotency_key_in_use")
            }),
            (429, "invalid_request_error", "rate_limit", {
                unavailable("status 429 invalid_request_error rate_limit")
            }),
            (500, "api_error", "", unavailable("status 500 api_error")),
            (503, "", "", unavailable("status 503")),
            (400, "idempotency_error", "", refused("status 400 idempotency_error")),
            (401, "invalid_request_error", "", refused("status 401 invalid_request_error")),
            (424, "api_error", "", unavailable("status 424 api_error")),
            (400, "invalid_request_error", "lock_timeout", {
                unavailable("status 400 invalid_request_error lock_timeout")
            }),
            (403, "", "", refused("status 403")),
            (402, "card_error", "card_declined", refused("status 402 card_error card_declined")),
            (302, "", "", refused("status 302")),
            (400, "sk_live key\n", "", refused("status 400")),
        ] {
            let body = serde_json::json!({"error": {"type": kind, "code": code, "message": "m"}});
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(ProviderError::of(status, body.to_string().as_bytes()), meaning);
        }
        assert_eq!(
            ProviderError::of(StatusCode::BAD_GATEWAY, b"<html>"),
            unavailable("status 502")
        );
        assert_eq!(ProviderError::of(StatusCode::BAD_REQUEST, b"null"), refused("status 400"));
    }

    #[test]
    fn of_every_status_it_is_known_whether_it_may_pass() {
        let may_pass = |status: u16| match status {
            408 | 409 | 424 | 425 | 429 => true,
            other => other >= 500,
        };
        for status in (100..200).chain(300..600) {
            let error = ProviderError::of(StatusCode::from_u16(status).unwrap(), b"{}");
            assert_eq!(error.is_definitive(), Some(!may_pass(status)), "{status}");
        }
    }
}
