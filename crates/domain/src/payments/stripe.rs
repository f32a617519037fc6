//! The payment provider's webhook: its signature, and the few fields that are read from an event.
//!
//! The signature scheme is Stripe's: `Stripe-Signature: t=<unix s>,v1=<hex>[,v1=…]`, where `v1` is
//! HMAC-SHA256 of `<t>.<raw body>` under the endpoint's secret. Stricter than the provider's own
//! libraries: `t` must be one plain number and may lie neither too far in the past nor in the
//! future.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;
use uuid::Uuid;

use crate::time::Instant;

/// How far a signature's time may be from ours, in seconds, in either direction.
pub const SIGNATURE_TOLERANCE_S: i64 = 300;
/// A secret shorter than this is refused: an empty key lets anyone sign.
pub const SECRET_LENGTH_MIN: usize = 24;
/// `v1` values that are looked at: a few while secrets are rolled, not a thousand.
const SIGNATURES_MAX: usize = 8;

/// The request was not signed by the provider, or not just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not valid")]
pub struct InvalidSignature;

/// Verifies `header` over the raw bytes of the body.
///
/// `secrets` are the endpoint's secrets, several while rolling; those shorter than
/// [`SECRET_LENGTH_MIN`] are ignored. Comparison takes constant time.
///
/// # Errors
///
/// [`InvalidSignature`], without saying which part: a forger learns nothing.
pub fn verify_signature<'a>(
    header: &str,
    body: &[u8],
    secrets: impl IntoIterator<Item = &'a str>,
    now: Instant,
) -> Result<(), InvalidSignature> {
    let mut time_text = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", _)) if time_text.is_some() => return Err(InvalidSignature),
            Some(("t", text)) => time_text = Some(text),
            Some(("v1", hex)) if signatures.len() < SIGNATURES_MAX => {
                signatures.extend(HEXLOWER.decode(hex.as_bytes()).ok());
            }
            _ => {}
        }
    }
    let time_text = time_text.ok_or(InvalidSignature)?;
    if !time_text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidSignature);
    }
    let signed_s: i64 = time_text.parse().map_err(|_| InvalidSignature)?;
    // mutant: no-tolerance-of-signatures
    if now.unix_s().abs_diff(signed_s) > SIGNATURE_TOLERANCE_S.unsigned_abs() {
        return Err(InvalidSignature);
    }
    // mutant: short-secrets-sign
    let secrets = secrets.into_iter().filter(|secret| secret.len() >= SECRET_LENGTH_MIN);
    for secret in secrets {
        let mac = signature_mac(secret, time_text, body).ok_or(InvalidSignature)?;
        // mutant: any-signature-will-do
        if signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok()) {
            return Ok(());
        }
    }
    Err(InvalidSignature)
}

fn signature_mac(secret: &str, time_text: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(time_text.as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac)
}

/// An event of the provider: what is read of it. Everything else is ignored, so that another API
/// version does not break us.
#[derive(Debug, Clone, Deserialize)]
pub struct ProviderEvent {
    /// Unique per event, the same in every delivery: `evt_…`.
    pub id: String,
    /// What happened: `payment_intent.succeeded`, ….
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether real money moved.
    #[serde(default)]
    pub livemode: bool,
    /// The object it happened to.
    pub data: ProviderData,
}

/// The envelope of the object.
#[derive(Debug, Clone, Deserialize)]
pub struct ProviderData {
    /// A payment intent or a charge.
    pub object: ProviderObject,
}

/// The fields of a payment intent or charge that matter here.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ProviderObject {
    /// `pi_…` or `ch_…`.
    pub id: Option<String>,
    /// The amount asked for, in minor units.
    pub amount: Option<i64>,
    /// The amount taken so far.
    pub amount_received: Option<i64>,
    /// The amount authorised and not yet taken.
    pub amount_capturable: Option<i64>,
    /// Of a charge: the amount given back so far.
    pub amount_refunded: Option<i64>,
    /// Of a charge: whether the amount was taken, or only authorised.
    pub captured: Option<bool>,
    /// Of a charge: the payment intent that made it.
    pub payment_intent: Option<String>,
    /// ISO 4217, lower case.
    pub currency: Option<String>,
    /// What we attached when the payment was created.
    pub metadata: Option<ProviderMetadata>,
}

/// Our own marks on a payment.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ProviderMetadata {
    /// The booking it pays for.
    pub booking_id: Option<String>,
    /// The checkout on whose page it is paid.
    pub checkout_id: Option<String>,
}

/// The longest id or type that is read. The provider's are under 60 characters, and Postgres
/// indexes none of 2,700.
const WORD_LENGTH_MAX: usize = 255;

/// Whether a text of an event is one that we store and look for: visible ASCII, of some length.
pub(crate) fn is_word(text: &str) -> bool {
    (1..=WORD_LENGTH_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

impl ProviderEvent {
    /// Reads an event; `None` for what no provider sends: another shape, or an id or type that
    /// could not be stored. What else is odd in it is about nothing of ours.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str::<Self>(text).ok().filter(Self::is_readable)
    }

    /// The payment on the page of a checkout that the event is about, with our id of the checkout:
    /// news of the payment itself, or that the page was left after paying.
    pub fn checkout_payment(&self) -> Option<(Uuid, &str)> {
        let object = &self.data.object;
        let checkout = object.metadata.as_ref()?.checkout_id.as_deref()?.parse().ok()?;
        let payment = if self.kind.starts_with("payment_intent.") {
            object.id.as_deref()
        } else if self.kind.starts_with("checkout.session.") {
            object.payment_intent.as_deref()
        } else {
            None
        };
        payment.filter(|payment| is_word(payment)).map(|payment| (checkout, payment))
    }

    /// Whether its id and its type can be stored. A type may be anything that is text: we ignore
    /// those that we do not know.
    pub fn is_readable(&self) -> bool {
        is_word(&self.id) && self.kind.len() <= WORD_LENGTH_MAX && !self.kind.contains('\0')
    }
}

impl ProviderObject {
    /// The booking that the object names, as text.
    pub fn booking_id(&self) -> Option<&str> {
        self.metadata.as_ref()?.booking_id.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_0123456789abcdef0123456789abcdef";
    const BODY: &[u8] = br#"{"id":"evt_1"}"#;
    const NOW: Instant = Instant::from_unix_ms(1_800_000_000_000);

    fn sign(secret: &str, time: &str, body: &[u8]) -> String {
        let mac = signature_mac(secret, time, body).unwrap();
        HEXLOWER.encode(&mac.finalize().into_bytes())
    }

    fn verify(header: &str) -> bool {
        verify_signature(header, BODY, [SECRET], NOW).is_ok()
    }

    #[test]
    fn the_providers_own_signature_verifies() {
        // The vector of the HMAC itself: RFC 4231 section 4.3, key "Jefe".
        let mut mac = Hmac::<Sha256>::new_from_slice(b"Jefe").unwrap();
        mac.update(b"what do ya want for nothing?");
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(HEXLOWER.encode(&mac.finalize().into_bytes()), expected);
        let signature = sign(SECRET, "1800000000", BODY);
        assert!(verify(&format!("t=1800000000,v1={signature}")));
        assert!(verify(&format!("t=1800000000,v0=00,v1={},v1={signature}", "0".repeat(64))));
    }

    #[test]
    fn a_signature_of_the_providers_own_library_verifies() {
        // Made with Stripe's Node library, `stripe` 23.1.0 from npm:
        // `stripe.webhooks.generateTestHeaderString({payload, secret, timestamp})`.
        let payload = concat!(
            r#"{"id":"evt_vector","object":"event","type":"payment_intent.succeeded","#,
            r#""livemode":false,"data":{"object":{"id":"pi_vector","amount":5000,"#,
            r#""amount_received":5000,"currency":"eur","metadata":{"booking_id":"bk_é"}}}}"#,
        );
        let header = "t=1800000000,\
            v1=508e993bca0b4896ce00e4e854e7b69063ca1aa69e51bfe8c4c500bb0fb9464c";
        let verified = verify_signature(header, payload.as_bytes(), [SECRET], NOW);
        assert_eq!(verified, Ok(()));
        let event: ProviderEvent = serde_json::from_str(payload).unwrap();
        let news = event.payment_news().unwrap();
        assert_eq!((news.payment.as_str(), news.amount, news.whole), ("pi_vector", 5000, true));
    }

    #[test]
    fn times_far_from_now_are_refused_in_both_directions() {
        for (offset_s, accepted) in [(-301, false), (-300, true), (300, true), (301, false)] {
            let time = (1_800_000_000_i64 + offset_s).to_string();
            let header = format!("t={time},v1={}", sign(SECRET, &time, BODY));
            assert_eq!(verify(&header), accepted, "{offset_s}");
        }
    }

    #[test]
    fn a_header_is_read_strictly() {
        let good = sign(SECRET, "1800000000", BODY);
        let plus = sign(SECRET, "+1800000000", BODY);
        let empty = sign(SECRET, "", BODY);
        for header in [
            String::new(),
            format!("v1={good}"),
            "t=1800000000".to_owned(),
            format!("t=1800000000,t=1800000000,v1={good}"),
            format!("t=now,v1={good}"),
            format!("t=+1800000000,v1={plus}"),
            format!("t=,v1={empty}"),
            format!("t=1800000000,v0={good}"),
            format!("t=1800000000,v1={}", good.to_uppercase()),
            format!("t=1800000000,v1={}", &good[..62]),
            format!("t=1800000000,v1={}", sign(SECRET, "1800000000", b"{}")),
            format!(
                "t=1800000000,v1={}",
                sign("whsec_another_secret_of_length", "1800000000", BODY)
            ),
            format!("t=1800000000,{}v1={good}", "v1=00,".repeat(1000)),
            format!("t=99999999999999999999,v1={good}"),
        ] {
            // A thousand values that decode fill the list before the good one is reached.
            assert!(!verify(&header), "{header:.80}");
        }
    }

    #[test]
    fn short_secrets_sign_nothing() {
        for secret in ["", "short"] {
            let header = format!("t=1800000000,v1={}", sign(secret, "1800000000", BODY));
            assert!(verify_signature(&header, BODY, [secret], NOW).is_err(), "{secret:?}");
        }
        let old = "whsec_the_secret_that_is_being_rolled";
        let header = format!("t=1800000000,v1={}", sign(old, "1800000000", BODY));
        assert!(verify_signature(&header, BODY, [SECRET, old], NOW).is_ok());
    }
}
