//! Signed tokens.

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

use crate::id::UserId;
use crate::time::Instant;
use crate::token::{
    CLOCK_SKEW_MAX_S, Claims, ISSUER, Purpose, SigningKeys, TOKEN_LENGTH_MAX, VerifyingKeys,
};

const AUDIENCE: &str = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5";
const NOW_S: i64 = 1_800_000_000;
const NOW: Instant = Instant::from_unix_ms(NOW_S * 1_000);
const SEED: [u8; 32] = [1; 32];
const PURPOSES: [Purpose; 4] =
    [Purpose::Buyer, Purpose::QueuePass, Purpose::Receipt, Purpose::StreamTicket];

/// The first line is a header and the second are claims, both signed here with the right key; the
/// whole input is also a token and a list of public keys as it is. Whatever is accepted has, read a
/// second time as plain JSON, exactly the profile; signed anew it says the same; and it is accepted
/// for one purpose and audience only, unaltered.
pub fn tokens(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(keys) = SigningKeys::parse(&format!("a:{}", BASE64URL_NOPAD.encode(&SEED))) else {
        panic!("the key is well-formed");
    };
    check(&keys, text);
    if let Some((header, claims)) = text.split_once('\n') {
        check(&keys, &signed(header, claims));
    }
    if let Ok(ring) = VerifyingKeys::parse(text) {
        let again = VerifyingKeys::parse(&ring.to_string()).map(|again| again.public_keys());
        assert_eq!(again, Ok(ring.public_keys()));
    }
}

fn signed(header: &str, claims: &str) -> String {
    let encode = |part: &str| BASE64URL_NOPAD.encode(part.as_bytes());
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature = SigningKey::from_bytes(&SEED).sign(signed.as_bytes());
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature.to_bytes()))
}

fn check(keys: &SigningKeys, token: &str) {
    let ring = &keys.verifying_keys();
    let accepted: Vec<(Purpose, Claims)> = PURPOSES
        .into_iter()
        .filter_map(|purpose| Some((purpose, verify(ring, purpose, token)?)))
        .collect();
    let [(purpose, claims)] = &accepted[..] else {
        assert!(accepted.is_empty(), "for two purposes: {token}");
        return;
    };
    assert!(token.len() <= TOKEN_LENGTH_MAX);
    let parts: Vec<&str> = token.split('.').collect();
    let [header, body, _] = parts[..] else { panic!("not three parts: {token}") };
    assert_eq!(plain(header), json!({"alg": "EdDSA", "typ": purpose.typ(), "kid": "a"}));
    let body = plain(body);
    assert_eq!(body["iss"], ISSUER);
    assert_eq!(body["aud"], AUDIENCE);
    let user: Option<UserId> = body["sub"].as_str().and_then(|text| text.parse().ok());
    assert_eq!(user, Some(claims.sub));
    assert_eq!(body["jti"].as_str(), Some(claims.jti.as_str()));
    assert_eq!((body["iat"].as_i64(), body["exp"].as_i64()), (Some(claims.iat), Some(claims.exp)));
    assert!(claims.iat <= claims.exp);
    assert!(claims.iat <= NOW_S + CLOCK_SKEW_MAX_S);
    assert!(claims.exp >= NOW_S - CLOCK_SKEW_MAX_S);

    let again = keys.sign(*purpose, claims).unwrap_or_else(|error| panic!("{error}: {token}"));
    if again.len() <= TOKEN_LENGTH_MAX {
        assert_eq!(verify(ring, *purpose, &again).as_ref(), Some(claims));
    }
    assert!(ring.verify(*purpose, "elsewhere", token, NOW).is_err());
    let mut altered = token.as_bytes().to_vec();
    let place = usize::from(token.bytes().fold(0_u8, u8::wrapping_add)) % altered.len();
    altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
    let altered = String::from_utf8_lossy(&altered);
    assert_eq!(verify(ring, *purpose, &altered), None, "altered at {place}: {token}");
}

fn verify(ring: &VerifyingKeys, purpose: Purpose, token: &str) -> Option<Claims> {
    ring.verify(purpose, AUDIENCE, token, NOW).ok()
}

fn plain(part: &str) -> Value {
    let json = BASE64URL_NOPAD.decode(part.as_bytes()).ok();
    json.and_then(|json| serde_json::from_slice(&json).ok())
        .unwrap_or_else(|| panic!("accepted, but not JSON in base64url: {part}"))
}
