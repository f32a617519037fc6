//! Signing what we tell others, by the rules of Standard Webhooks.
//!
//! `webhook-signature` is `v1,<base64>` of HMAC-SHA256 over `<id>.<timestamp>.<body>`, where id and
//! timestamp are those of the other two headers; the key is the secret after `whsec_`, in base64.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::time::Instant;

/// The prefix of a secret.
const PREFIX: &str = "whsec_";
/// The shortest key, in bytes; the standard wants 24 to 64.
const KEY_LENGTH_MIN: usize = 24;
const KEY_LENGTH_MAX: usize = 64;

/// A key that signs notifications.
#[derive(Clone)]
pub struct NotificationKey(Vec<u8>);

/// Not a secret of Standard Webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be whsec_ and 24 to 64 bytes in base64")]
pub struct InvalidNotificationKey;

impl NotificationKey {
    /// Reads a secret.
    ///
    /// # Errors
    ///
    /// [`InvalidNotificationKey`] when it is empty, short, or not written as the standard says.
    pub fn parse(secret: &str) -> Result<Self, InvalidNotificationKey> {
        let text = secret.strip_prefix(PREFIX).ok_or(InvalidNotificationKey)?;
        let key = BASE64.decode(text.as_bytes()).map_err(|_| InvalidNotificationKey)?;
        let fits = (KEY_LENGTH_MIN..=KEY_LENGTH_MAX).contains(&key.len());
        if fits { Ok(Self(key)) } else { Err(InvalidNotificationKey) }
    }

    /// The value of `webhook-signature` for the notification `id`, sent `at`.
    pub fn sign(&self, id: &str, at: Instant, body: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            // A key of any length will do for this algorithm; nobody accepts an empty signature.
            return String::new();
        };
        mac.update(format!("{id}.{}.{body}", at.unix_s()).as_bytes());
        format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
    }
}

impl std::fmt::Debug for NotificationKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("NotificationKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vector_of_the_standard_is_signed_alike() {
        // From the tests of the standard's own libraries.
        let key = NotificationKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = Instant::from_unix_ms(1_614_265_330_000);
        let signature = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(format!("{key:?}"), "NotificationKey(…)");
    }

    #[test]
    fn a_secret_that_is_none_signs_nothing() {
        let long = format!("whsec_{}", BASE64.encode(&[7; 65]));
        for secret in ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &long] {
            assert!(NotificationKey::parse(secret).is_err(), "{secret}");
        }
    }
}
