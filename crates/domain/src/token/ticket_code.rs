//! The code of a ticket: signed like a token, and as short as a signed text can be, because it is
//! printed as a QR code.
//!
//! `tk1.<payload>.<signature>`, both in base64url without padding. The payload is JSON: `k` the id
//! of the key, `t` the ticket, `e` the event, `s` the seat or the standing section. The signature
//! is Ed25519 over `tk1.<payload>`. No token begins so, and no code is a token.
//!
//! A scanner verifies it without a connection. Whether the ticket was used or cancelled, only the
//! ledger knows.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use super::verifying::decode_json;
use super::{SigningKeys, TokenError, VerifyingKeys};
use crate::id::EventId;
use crate::ticket::{TicketId, TicketUnit};

const PREFIX: &str = "tk1.";

/// No code is longer: names and numbers of the greatest length give 147 bytes of JSON. It fills a
/// QR code of version 12 at level M.
pub const TICKET_CODE_LENGTH_MAX: usize = PREFIX.len() + 196 + 1 + 86;

/// What a code says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketCode {
    /// The ticket.
    pub ticket: TicketId,
    /// The event it is for.
    pub event: EventId,
    /// The unit it is for.
    pub unit: TicketUnit,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    #[serde(rename = "k")]
    key_id: String,
    #[serde(rename = "t")]
    ticket: TicketId,
    #[serde(rename = "e")]
    event: EventId,
    #[serde(rename = "s")]
    unit: TicketUnit,
}

impl TicketCode {
    /// The code. The same ticket and key give the same code.
    ///
    /// # Errors
    ///
    /// [`TokenError::Invalid`] when it cannot be written as JSON: a defect of ours.
    pub fn sign(&self, keys: &SigningKeys) -> Result<String, TokenError> {
        let Self { ticket, event, unit } = self.clone();
        let payload = Payload { key_id: keys.first_id().to_owned(), ticket, event, unit };
        let payload = serde_json::to_vec(&payload).map_err(|_| TokenError::Invalid)?;
        let mut code = PREFIX.to_owned();
        BASE64URL_NOPAD.encode_append(&payload, &mut code);
        let signature = keys.signature_of(&code);
        code.push('.');
        code.push_str(&signature);
        Ok(code)
    }

    /// Reads a code back, whatever the text is.
    ///
    /// # Errors
    ///
    /// [`TokenError::Invalid`] when it is no code, or not signed by one of `keys`.
    pub fn verify(keys: &VerifyingKeys, code: &str) -> Result<Self, TokenError> {
        if code.len() > TICKET_CODE_LENGTH_MAX {
            return Err(TokenError::Invalid);
        }
        let (signed, signature) = code.rsplit_once('.').ok_or(TokenError::Invalid)?;
        let payload = signed.strip_prefix(PREFIX).ok_or(TokenError::Invalid)?;
        let Payload { key_id, ticket, event, unit } = decode_json(payload)?;
        keys.check_signature(&key_id, signed, signature)?;
        Ok(Self { ticket, event, unit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5";

    fn keys(id: &str, seed: u8) -> SigningKeys {
        SigningKeys::parse(&format!("{id}:{}", BASE64URL_NOPAD.encode(&[seed; 32]))).unwrap()
    }

    fn code(unit: &str) -> TicketCode {
        TicketCode {
            ticket: "0123456789ab".parse().unwrap(),
            event: EVENT.parse().unwrap(),
            unit: unit.parse().unwrap(),
        }
    }

    #[test]
    fn a_code_says_what_it_was_made_of_in_the_form_of_the_contract() {
        let keys = keys("k1", 1);
        for (unit, says) in [("A-1-12", "A-1-12"), ("FLOOR", "FLOOR")] {
            let text = code(unit).sign(&keys).unwrap();
            assert_eq!(TicketCode::verify(&keys.verifying_keys(), &text), Ok(code(unit)));
            let parts: Vec<&str> = text.split('.').collect();
            let [prefix, payload, signature] = parts[..] else { panic!("{text}") };
            let payload = BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap();
            let payload: serde_json::Value = serde_json::from_slice(&payload).unwrap();
            let expected = serde_json::json!(
                { "k": "k1", "t": "0123456789ab", "e": EVENT, "s": says });
            assert_eq!((prefix, payload, signature.len()), ("tk1", expected, 86));
        }
    }

    #[test]
    fn a_code_of_another_key_and_one_that_was_altered_are_refused() {
        let ours = keys("k1", 1);
        let ring = ours.verifying_keys();
        let text = code("A-1-12").sign(&ours).unwrap();
        // Another key under the same id, and our key under an id that is not known.
        for other in [keys("k1", 2), keys("k2", 1)] {
            let forged = code("A-1-12").sign(&other).unwrap();
            assert_eq!(TicketCode::verify(&ring, &forged), Err(TokenError::Invalid));
        }
        for index in 0..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[index] = if altered[index] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(TicketCode::verify(&ring, &altered), Err(TokenError::Invalid), "{altered}");
        }
        let (signed, signature) = text.rsplit_once('.').unwrap();
        for other in [
            String::new(),
            "tk1.".to_owned(),
            "tk1..".to_owned(),
            format!("{text} "),
            format!("{text}="),
            text.replace("tk1.", "tk2."),
            text.replace("tk1.", "TK1."),
            signed.to_owned(),
            format!("{signed}.{signature}.{signature}"),
            format!("{}{text}", "x".repeat(TICKET_CODE_LENGTH_MAX)),
        ] {
            assert_eq!(TicketCode::verify(&ring, &other), Err(TokenError::Invalid), "{other}");
        }
    }

    #[test]
    fn a_code_is_no_token_and_a_token_is_no_code() {
        let keys = keys("k1", 1);
        let ring = keys.verifying_keys();
        let now = crate::time::Instant::from_unix_ms(1_800_000_000_000);
        let user = crate::id::UserId::from_uuid(uuid::Uuid::from_u128(7));
        let id = "0123456789ab".to_owned();
        let token =
            crate::token::BuyerToken { user, session: None, id, issued_at: now, expires_at: now };
        let token = token.sign(&keys).unwrap();
        assert_eq!(TicketCode::verify(&ring, &token), Err(TokenError::Invalid));
        let code = code("A-1-12").sign(&keys).unwrap();
        assert!(crate::token::BuyerToken::verify(&ring, &code, now).is_err());
    }

    #[test]
    fn the_longest_code_is_as_long_as_it_may_be() {
        let keys = keys(&"k".repeat(32), 1);
        let unit = format!("{}-{}-{}", "S".repeat(16), u32::MAX, u32::MAX);
        let text = code(&unit).sign(&keys).unwrap();
        assert_eq!(text.len(), TICKET_CODE_LENGTH_MAX);
        assert_eq!(TicketCode::verify(&keys.verifying_keys(), &text), Ok(code(&unit)));
    }
}
