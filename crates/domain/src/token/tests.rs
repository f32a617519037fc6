//! Tokens as they should be, and every other one.

use ed25519_dalek::{Signer, SigningKey};

use super::kinds::ReceiptClaims;
use super::*;
use crate::time::Instant;

const EVENT: &str = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5";
const NOW: Instant = Instant::from_unix_ms(1_800_000_000_000);

/// Keys of these names, each from a seed of one byte repeated.
fn keys(entries: &[(&str, u8)]) -> SigningKeys {
    let text: Vec<_> = entries
        .iter()
        .map(|(id, byte)| format!("{id}:{}", BASE64URL_NOPAD.encode(&[*byte; 32])))
        .collect();
    SigningKeys::parse(&text.join(",")).unwrap()
}

fn pass() -> QueuePass {
    QueuePass {
        event: EVENT.parse().unwrap(),
        user: "0192f0c1-2a3b-7c4d-8e5f-60718293a4b6".parse().unwrap(),
        id: "7.1800000000000".to_owned(),
        issued_at: NOW,
        expires_at: NOW.plus_ms(300_000),
    }
}

fn claims() -> Claims {
    pass().claims()
}

fn receipt() -> PlaceReceipt {
    let QueuePass { event, user, .. } = pass();
    PlaceReceipt { event, user, number: 7, score: 9, joined_at: NOW.plus_ms(1) }
}

/// A key and its public half.
fn pair() -> (SigningKeys, VerifyingKeys) {
    let signing = keys(&[("a", 1)]);
    let verifying = signing.verifying_keys();
    (signing, verifying)
}

/// A token whose header and claims are given as JSON, signed by the key of `keys(&[("a", 1)])`.
fn token(header: &str, claims: &str) -> String {
    let encode = |json: &str| BASE64URL_NOPAD.encode(json.as_bytes());
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature = SigningKey::from_bytes(&[1; 32]).sign(signed.as_bytes());
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature.to_bytes()))
}

#[test]
fn each_kind_is_the_same_every_time_and_reads_back() {
    let (signing, ring) = pair();
    let QueuePass { event, user, id, issued_at, expires_at } = pass();
    let token = pass().sign(&signing).unwrap();
    assert_eq!(token, pass().sign(&signing).unwrap());
    assert_eq!(QueuePass::verify(&ring, event, &token, NOW), Ok(pass()));
    let token = receipt().sign(&signing).unwrap();
    assert_eq!(PlaceReceipt::verify(&ring, &token, NOW), Ok(receipt()));
    let buyer = BuyerToken { user, session: None, id, issued_at, expires_at };
    let token = buyer.sign(&signing).unwrap();
    assert_eq!(BuyerToken::verify(&ring, &token, NOW), Ok(buyer));
    let ticket = StreamTicket { event, user, number: 7, issued_at, expires_at };
    let token = ticket.sign(&signing).unwrap();
    assert_eq!(StreamTicket::verify(&ring, event, &token, NOW), Ok(ticket));
}

#[test]
fn the_key_of_a_letter_opens_bookings_and_is_no_session() {
    let (signing, ring) = pair();
    let QueuePass { event, user, id, issued_at, expires_at } = pass();
    let of_one = crate::id::BookingId::new(event, user.as_uuid());
    for booking in [None, Some(of_one)] {
        let key = BookingsKey { user, booking, id: id.clone(), issued_at, expires_at };
        let token = key.sign(&signing).unwrap();
        assert_eq!(token, key.sign(&signing).unwrap());
        assert_eq!(BookingsKey::verify(&ring, &token, NOW), Ok(key));
        let late = expires_at.plus_ms(1_000 * (CLOCK_SKEW_MAX_S + 1));
        assert_eq!(BookingsKey::verify(&ring, &token, late), Err(TokenError::Expired));
        assert_eq!(PageSession::verify(&ring, &token, NOW), Err(TokenError::Invalid));
        assert_eq!(BuyerToken::verify(&ring, &token, NOW), Err(TokenError::Invalid));
    }
    let session = PageSession { user, id, issued_at, expires_at }.sign(&signing).unwrap();
    assert_eq!(BookingsKey::verify(&ring, &session, NOW), Err(TokenError::Invalid));
    let of_an_event = signing.sign(Purpose::BookingsKey, &claims()).unwrap();
    assert_eq!(BookingsKey::verify(&ring, &of_an_event, NOW), Err(TokenError::Invalid));
}

#[test]
fn a_rolled_key_still_verifies() {
    let old = keys(&[("a", 1)]).sign(Purpose::QueuePass, &claims()).unwrap();
    let rolled = keys(&[("b", 2), ("a", 1)]).verifying_keys();
    assert!(rolled.verify(Purpose::QueuePass, EVENT, &old, NOW).is_ok());
    let gone = keys(&[("b", 2)]).verifying_keys();
    let verdict = gone.verify(Purpose::QueuePass, EVENT, &old, NOW);
    assert_eq!(verdict, Err(TokenError::Invalid));
}

#[test]
fn none_can_stand_in_for_another() {
    let (signing, ring) = pair();
    for purpose in [Purpose::Buyer, Purpose::Receipt, Purpose::StreamTicket] {
        let token = signing.sign(purpose, &claims()).unwrap();
        let verdict = ring.verify(Purpose::QueuePass, EVENT, &token, NOW);
        assert_eq!(verdict, Err(TokenError::Invalid), "{purpose:?}");
    }
    let token = signing.sign(Purpose::QueuePass, &claims()).unwrap();
    let other = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b7";
    let verdict = ring.verify(Purpose::QueuePass, other, &token, NOW);
    assert_eq!(verdict, Err(TokenError::Invalid));
}

#[test]
fn a_receipt_of_any_event_names_its_owner_until_it_ends() {
    let (signing, ring) = pair();
    let verify = |token: &str, now| PlaceReceipt::verify(&ring, token, now);
    for event in [EVENT, "0192f0c1-2a3b-7c4d-8e5f-60718293a4b7"] {
        let place = PlaceReceipt { event: event.parse().unwrap(), ..receipt() };
        let token = place.sign(&signing).unwrap();
        assert_eq!(verify(&token, NOW), Ok(place));
        let life_ms = RECEIPT_TTL_S * 1_000;
        assert_eq!(verify(&token, NOW.plus_ms(life_ms)), Ok(place));
        let over = verify(&token, NOW.plus_ms(life_ms + 61_000));
        assert_eq!(over, Err(TokenError::Expired));
    }
    let ReceiptClaims { mut claims, members } = receipt().claims();
    claims.aud = BUYER_AUDIENCE.to_owned();
    let of_nothing = signing.sign(Purpose::Receipt, &ReceiptClaims { claims, members }).unwrap();
    assert_eq!(verify(&of_nothing, NOW), Err(TokenError::Invalid));
    let without_a_place = signing.sign(Purpose::Receipt, &self::claims()).unwrap();
    assert_eq!(verify(&without_a_place, NOW), Err(TokenError::Invalid));
    for purpose in [Purpose::Buyer, Purpose::QueuePass, Purpose::StreamTicket] {
        let token = signing.sign(purpose, &receipt().claims()).unwrap();
        assert_eq!(verify(&token, NOW), Err(TokenError::Invalid), "{purpose:?}");
    }
}

#[test]
fn a_pass_ends_within_a_minute_of_its_time() {
    let (signing, ring) = pair();
    let token = signing.sign(Purpose::QueuePass, &claims()).unwrap();
    for (past_s, verdict) in [(0, Ok(claims())), (59, Ok(claims())), (61, Err(TokenError::Expired))]
    {
        let now = NOW.plus_ms(300_000 + past_s * 1_000);
        assert_eq!(ring.verify(Purpose::QueuePass, EVENT, &token, now), verdict, "{past_s}");
    }
}

#[test]
fn only_the_exact_profile_is_accepted() {
    let (_, ring) = pair();
    let good = r#"{"alg":"EdDSA","typ":"qpass+jwt","kid":"a"}"#;
    let body = serde_json::to_string(&claims()).unwrap();
    assert!(ring.verify(Purpose::QueuePass, EVENT, &token(good, &body), NOW).is_ok());
    for header in [
        r#"{"alg":"none","typ":"qpass+jwt","kid":"a"}"#,
        r#"{"alg":"HS256","typ":"qpass+jwt","kid":"a"}"#,
        r#"{"alg":"EdDSA","typ":"JWT","kid":"a"}"#,
        r#"{"alg":"EdDSA","typ":"qpass+jwt"}"#,
        r#"{"alg":"EdDSA","typ":"qpass+jwt","kid":"../a"}"#,
        r#"{"alg":"EdDSA","typ":"qpass+jwt","kid":"a","jku":"https://example.com"}"#,
        r#"{"alg":"EdDSA","typ":"qpass+jwt","kid":"a","crit":[]}"#,
        "[]",
        r#"["EdDSA","qpass+jwt","a"]"#,
    ] {
        let verdict = ring.verify(Purpose::QueuePass, EVENT, &token(header, &body), NOW);
        assert_eq!(verdict, Err(TokenError::Invalid), "{header}");
    }
    for (name, value) in [
        ("exp", serde_json::json!("1800000300")),
        ("exp", serde_json::json!(1e18)),
        ("exp", serde_json::json!(1_799_999_999)),
        ("iat", serde_json::json!(1_800_000_061)),
        ("nbf", serde_json::json!(1_800_000_061)),
        ("nbf", serde_json::json!("1800000000")),
        ("aud", serde_json::json!([EVENT])),
        ("aud", serde_json::json!(null)),
        ("iss", serde_json::json!("somebody")),
        ("sub", serde_json::json!("admin")),
    ] {
        let mut altered: serde_json::Value = serde_json::from_str(&body).unwrap();
        altered[name] = value;
        let token = token(good, &altered.to_string());
        let verdict = ring.verify(Purpose::QueuePass, EVENT, &token, NOW);
        assert_eq!(verdict, Err(TokenError::Invalid), "{altered}");
    }
}

#[test]
fn any_change_of_a_token_breaks_it() {
    let (signing, ring) = pair();
    let token = signing.sign(Purpose::QueuePass, &claims()).unwrap();
    let verify = |token: &str| ring.verify(Purpose::QueuePass, EVENT, token, NOW);
    for index in 0..token.len() {
        let mut altered = token.clone().into_bytes();
        altered[index] = if altered[index] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        assert_eq!(verify(&altered), Err(TokenError::Invalid), "{index}");
    }
    for altered in [
        String::new(),
        "..".to_owned(),
        format!("{token}="),
        format!("{token}."),
        format!("{token}.{token}"),
        token.replace('.', ".."),
        "a".repeat(100 * 1024),
    ] {
        assert_eq!(verify(&altered), Err(TokenError::Invalid));
    }
}

#[test]
fn a_digest_hangs_on_the_key_and_tells_nothing() {
    let digest = |seed, text: &str| keys(&[("a", seed)]).keyed_digest(text);
    let of_address = digest(1, "203.0.113.5");
    assert_eq!(of_address, digest(1, "203.0.113.5"));
    assert_ne!(of_address, digest(2, "203.0.113.5"));
    assert_ne!(of_address, digest(1, "203.0.113.6"));
    assert_eq!(of_address.len(), 64);
}

#[test]
fn what_is_derived_from_a_key_stays_the_same() {
    // HMAC-SHA256 of the label under 32 bytes of 1, computed by another program.
    let keys = keys(&[("a", 1), ("b", 2)]);
    assert_eq!(
        keys.keyed_digest("203.0.113.5"),
        "dd46b94de8d00e435e584f0cfc57e61b156a1ee4ab1be2e06c0ed9c5211c0ea0"
    );
    let proof_key = data_encoding::HEXLOWER.encode(&keys.proof_key());
    assert_eq!(proof_key, "09a02c081152869dbe65092bc5e7fb981a44b18938e4552b867bce1c40ea1665");
}

#[test]
fn keys_are_read_strictly() {
    // A public key as well as a seed.
    let key = pair().1.to_string().split_off(2);
    for (text, error) in [
        (String::new(), KeysError::Empty),
        (" , ".to_owned(), KeysError::Empty),
        (key.clone(), KeysError::Malformed),
        (format!("a b:{key}"), KeysError::Malformed),
        (format!("a:{}", &key[1..]), KeysError::Malformed),
        (format!("a:{key}="), KeysError::Malformed),
        (format!("a:{key},a:{key}"), KeysError::TooMany),
        (format!("a:{key},b:{key},c:{key},d:{key}"), KeysError::TooMany),
    ] {
        assert_eq!(SigningKeys::parse(&text).err(), Some(error), "{text}");
        assert_eq!(VerifyingKeys::parse(&text).err(), Some(error), "{text}");
    }
}

#[test]
fn public_keys_are_written_as_they_are_read() {
    let both = keys(&[("b", 2), ("a", 1)]).verifying_keys();
    let read = VerifyingKeys::parse(&both.to_string()).unwrap();
    assert_eq!(read.public_keys(), both.public_keys());
    let pass = pair().0.sign(Purpose::QueuePass, &claims()).unwrap();
    assert!(read.verify(Purpose::QueuePass, EVENT, &pass, NOW).is_ok());
}

/// With a key of small order, anybody could sign.
#[test]
fn a_weak_public_key_is_none() {
    for bytes in [[0; 32], {
        let mut one = [0; 32];
        one[0] = 1;
        one
    }] {
        let text = format!("a:{}", BASE64URL_NOPAD.encode(&bytes));
        assert_eq!(VerifyingKeys::parse(&text).err(), Some(KeysError::Malformed));
    }
}

#[test]
fn what_would_sign_for_nobody_is_noticed() {
    let verifying = keys(&[("b", 2), ("a", 1)]).verifying_keys();
    assert!(verifying.know(&keys(&[("a", 1)]).verifying_keys()));
    assert!(!verifying.know(&keys(&[("a", 3)]).verifying_keys()), "another key of the same name");
    assert!(!verifying.know(&keys(&[("c", 1)]).verifying_keys()), "the same key by another name");
}

#[test]
fn public_keys_carry_no_secret() {
    let (_, ring) = pair();
    let keys = serde_json::to_value(ring.public_keys()).unwrap();
    let members: Vec<_> = keys[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
    assert_ne!(keys[0]["x"], BASE64URL_NOPAD.encode(&[1; 32]));
}
