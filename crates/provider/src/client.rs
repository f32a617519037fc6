//! One request to the provider: its headers, its deadline, its one repetition.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};

use crate::error::ProviderError;
use crate::form;
use crate::intent::Intent;
use crate::transport::{HttpTransport, TransportError};

/// One operation, repetitions included: a request of ours ends within 5 s, and a statement in
/// Postgres (2.5 s at worst, rarely 10 ms) still comes after it.
pub const OPERATION_DEADLINE: Duration = Duration::from_millis(2_500);
/// The version of the provider's API that the fields here are taken from.
const API_VERSION: &str = "2024-06-20";
/// The longest payment id that is asked for. The provider's are under 40 characters.
const PAYMENT_ID_LENGTH_MAX: usize = 255;

/// Where the provider is, and who we are there.
#[derive(Clone, Default)]
pub struct ProviderSettings {
    /// Scheme and authority, such as `https://api.stripe.com`; empty when none is configured.
    pub api_base: String,
    /// The secret key; empty when none is configured.
    pub api_key: String,
}

/// The provider, over some transport.
pub struct Provider<H> {
    transport: H,
    settings: ProviderSettings,
}

/// The time that is left of an operation.
pub(crate) struct Budget {
    begun: Instant,
}

impl Budget {
    pub(crate) fn begin() -> Self {
        Self { begun: Instant::now() }
    }

    fn left(&self) -> Option<Duration> {
        OPERATION_DEADLINE.checked_sub(self.begun.elapsed()).filter(|left| !left.is_zero())
    }
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
    /// The first answer of the key again.
    pub(crate) replayed: bool,
    /// The provider's own advice whether to repeat.
    advice: Option<bool>,
}

impl Answer {
    fn of(response: http::Response<Bytes>) -> Self {
        let flag = |name| match response.headers().get(name).map(|value| value.as_bytes()) {
            Some(b"true") => Some(true),
            Some(b"false") => Some(false),
            _ => None,
        };
        let replayed = flag("idempotent-replayed") == Some(true);
        let advice = flag("stripe-should-retry");
        Self { status: response.status(), replayed, advice, body: response.into_body() }
    }

    fn is_worth_repeating(&self) -> bool {
        let by_status = matches!(self.status.as_u16(), 409 | 500..=599);
        // Once saved it is the answer for ever.
        !self.replayed && self.advice.unwrap_or(by_status)
    }

    /// The payment intent in it.
    pub(crate) fn intent(&self) -> Result<Intent, ProviderError> {
        if !self.status.is_success() {
            return Err(ProviderError::of(self.status, &self.body));
        }
        Intent::parse(&self.body).map_err(ProviderError::Unavailable)
    }
}

impl<H: HttpTransport> Provider<H> {
    /// A client. Opens nothing.
    pub const fn new(transport: H, settings: ProviderSettings) -> Self {
        Self { transport, settings }
    }

    /// Whether a provider is configured at all. Every operation of one that is not answers
    /// [`ProviderError::Unavailable`].
    pub const fn is_configured(&self) -> bool {
        !self.settings.api_base.is_empty() && !self.settings.api_key.is_empty()
    }

    /// Reads something. Reading is repeated like writing, it just needs no key.
    pub(crate) async fn get(&self, path: &str, budget: &Budget) -> Result<Answer, ProviderError> {
        self.request(&Method::GET, path, &[], None, budget).await
    }

    /// Does something, under `key`.
    pub(crate) async fn post(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        key: &str,
        budget: &Budget,
    ) -> Result<Answer, ProviderError> {
        self.request(&Method::POST, path, fields, Some(key), budget).await
    }

    async fn request(
        &self,
        method: &Method,
        path: &str,
        fields: &[(&str, &str)],
        key: Option<&str>,
        budget: &Budget,
    ) -> Result<Answer, ProviderError> {
        match self.send(method, path, fields, key, budget).await {
            Ok(answer) if !answer.is_worth_repeating() => Ok(answer),
            // Repeated below, at once.
            Ok(_) | Err(Attempt::Lost(_)) => {
                self.send(method, path, fields, key, budget).await.map_err(Attempt::into_error)
            }
            Err(given_up) => Err(given_up.into_error()),
        }
    }

    async fn send(
        &self,
        method: &Method,
        path: &str,
        fields: &[(&str, &str)],
        key: Option<&str>,
        budget: &Budget,
    ) -> Result<Answer, Attempt> {
        if !self.is_configured() {
            return Err(Attempt::Unavailable("none is configured".to_owned()));
        }
        let late = || Attempt::Unavailable(TransportError::TimedOut.to_string());
        // mutant: no-deadline-at-the-provider
        let left = budget.left().ok_or_else(late)?;
        let base = self.settings.api_base.trim_end_matches('/');
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{base}{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.settings.api_key))
            .header("stripe-version", API_VERSION);
        if let Some(key) = key {
            request = request
                // mutant: a-key-for-each-attempt
                .header("idempotency-key", key)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        // The text of this error can quote a header, and a header holds the key.
        let request = request.body(Bytes::from(form::encode(fields))).map_err(|_| {
            Attempt::Unavailable("stripe_api_base or stripe_api_key is malformed".to_owned())
        })?;
        match self.transport.send(request, left).await {
            Ok(response) => Ok(Answer::of(response)),
            Err(TransportError::TimedOut) => Err(late()),
            Err(TransportError::Failed(cause)) => Err(Attempt::Lost(cause)),
        }
    }
}

/// Why one attempt has no answer.
enum Attempt {
    /// Worth another one.
    Lost(String),
    Unavailable(String),
}

impl Attempt {
    fn into_error(self) -> ProviderError {
        match self {
            Self::Lost(cause) | Self::Unavailable(cause) => ProviderError::Unavailable(cause),
        }
    }
}

/// `/v1/payment_intents/<payment><suffix>`.
///
/// # Errors
///
/// [`ProviderError::NotFound`] for a text that is no id: it would lead to another address.
pub(crate) fn intent_path(payment: &str, suffix: &str) -> Result<String, ProviderError> {
    let is_id = (1..=PAYMENT_ID_LENGTH_MAX).contains(&payment.len())
        && payment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    // mutant: any-text-is-a-payment-id
    if is_id {
        Ok(format!("/v1/payment_intents/{payment}{suffix}"))
    } else {
        Err(ProviderError::NotFound)
    }
}
