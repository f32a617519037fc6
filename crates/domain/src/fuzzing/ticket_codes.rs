//! Codes of tickets, and ids that are typed by hand.

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::Value;

use crate::ticket::TicketId;
use crate::token::{SigningKeys, TICKET_CODE_LENGTH_MAX, TicketCode, VerifyingKeys};

const SEED: [u8; 32] = [1; 32];

/// The whole input is a code and a typed id as it is, and the payload of a code that is signed here
/// with the right key. Whatever is accepted says, read a second time as plain JSON, just that; made
/// anew it is accepted and says the same; and it is not accepted when it is altered, or by another
/// key.
pub fn ticket_codes(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(keys) = SigningKeys::parse(&format!("a:{}", BASE64URL_NOPAD.encode(&SEED))) else {
        panic!("the key is well-formed");
    };
    check(&keys, text);
    let signed = format!("tk1.{}", BASE64URL_NOPAD.encode(input));
    let signature = SigningKey::from_bytes(&SEED).sign(signed.as_bytes());
    check(&keys, &format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature.to_bytes())));
    if let Ok(id) = TicketId::typed(text) {
        assert_eq!(id.as_str().parse(), Ok(id.clone()), "{text}");
    }
}

fn check(keys: &SigningKeys, text: &str) {
    let ring = &keys.verifying_keys();
    let Ok(code) = TicketCode::verify(ring, text) else { return };
    assert!(text.len() <= TICKET_CODE_LENGTH_MAX);
    let payload = text.split('.').nth(1).unwrap_or_default();
    let json = BASE64URL_NOPAD.decode(payload.as_bytes()).ok();
    let plain: Option<Value> = json.and_then(|json| serde_json::from_slice(&json).ok());
    let plain = plain.unwrap_or_else(|| panic!("accepted, but not JSON in base64url: {text}"));
    assert_eq!(plain["k"], "a");
    assert_eq!(plain["t"], code.ticket.as_str());
    assert_eq!(plain["e"], code.event.to_string());
    assert_eq!(plain["s"], code.unit.to_string());

    let again = code.sign(keys).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(TicketCode::verify(ring, &again), Ok(code));
    let mut altered = text.as_bytes().to_vec();
    let index = usize::from(text.bytes().fold(0_u8, u8::wrapping_add)) % altered.len();
    altered[index] = if altered[index] == b'A' { b'B' } else { b'A' };
    let altered = String::from_utf8_lossy(&altered);
    assert!(TicketCode::verify(ring, &altered).is_err(), "altered at {index}: {text}");
    let other = format!("a:{}", BASE64URL_NOPAD.encode(&[2; 32]));
    let other = SigningKeys::parse(&other).map(|keys| keys.verifying_keys());
    let accepts = |other: VerifyingKeys| TicketCode::verify(&other, text).is_ok();
    assert!(!other.is_ok_and(accepts), "by another key: {text}");
}
