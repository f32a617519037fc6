//! Signed tokens: buyer tokens, queue passes and receipts.
//!
//! A token is a JWT in compact form (RFC 7519) with one fixed profile (after RFC 8725): the
//! algorithm is EdDSA over Ed25519, the header is exactly `{"alg","typ","kid"}`, and each purpose
//! has a `typ` of its own, so that none can stand in for another. Nothing in a header decides how a
//! token is verified: the algorithm is fixed and `kid` is only looked up in the ring.

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::id::{EventId, UserId};
use crate::time::Instant;

/// The issuer in every token.
pub const ISSUER: &str = "boxoffice";
/// The audience of buyer tokens.
pub const BUYER_AUDIENCE: &str = "boxoffice";
/// A longer token is refused before anything of it is read.
pub const TOKEN_LENGTH_MAX: usize = 2_048;
/// How far the clocks of two machines may be apart, in seconds.
pub const CLOCK_SKEW_MAX_S: i64 = 60;
/// Keys in a ring at most: two while rolling, and one to spare.
pub const KEYS_MAX: usize = 3;
/// The longest key id.
const KEY_ID_LENGTH_MAX: usize = 32;

const ALGORITHM: &str = "EdDSA";

/// What a token is for; its `typ`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Names a buyer: `buyer+jwt`.
    Buyer,
    /// Lets a buyer reserve once: `qpass+jwt`.
    QueuePass,
    /// Proves a place in the queue: `receipt+jwt`.
    Receipt,
}

impl Purpose {
    /// The value of `typ`.
    pub const fn typ(self) -> &'static str {
        match self {
            Self::Buyer => "buyer+jwt",
            Self::QueuePass => "qpass+jwt",
            Self::Receipt => "receipt+jwt",
        }
    }
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token of this profile, or not signed by a key of the ring.
    #[error("the token is not valid")]
    Invalid,
    /// A valid token past its time.
    #[error("the token has expired")]
    Expired,
}

/// The ring of signing keys cannot be built from its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    /// No key at all.
    #[error("no signing key is configured")]
    Empty,
    /// More than [`KEYS_MAX`] keys, or two of one name.
    #[error("there are too many signing keys, or two have the same id")]
    TooMany,
    /// An entry is not `kid:seed` with a 32-byte seed in base64url.
    #[error("a signing key is not `kid:seed` with a 32-byte seed in base64url without padding")]
    Malformed,
}

/// The header, exactly: an unknown member (`jku`, `jwk`, `crit`, …) makes the token invalid.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// The claims of every token. Times are whole seconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it: [`ISSUER`].
    pub iss: String,
    /// Whom it is for: [`BUYER_AUDIENCE`] or an event id.
    pub aud: String,
    /// The user.
    pub sub: UserId,
    /// A name of its own, unique among tokens of its kind.
    pub jti: String,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// When it ends, in seconds.
    pub exp: i64,
    /// Receipts only: the number in the queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
}

struct Key {
    id: String,
    signing: SigningKey,
    verifying: VerifyingKey,
}

/// The keys that sign and verify. The first signs, all verify: that is how a key is rolled.
pub struct KeyRing {
    keys: Vec<Key>,
}

/// One public key as it is published (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    pub crv: String,
    /// `EdDSA`.
    pub alg: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// The key id.
    pub kid: String,
    /// The public key, base64url without padding.
    pub x: String,
}

impl KeyRing {
    /// Reads a ring: `kid:seed` entries separated by commas, the seed 32 bytes in base64url without
    /// padding, `kid` 1 to 32 letters, digits, `-` or `_`.
    ///
    /// # Errors
    ///
    /// [`KeyRingError`] when the text is not such a ring; the text itself is never repeated.
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let mut keys: Vec<Key> = Vec::new();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let key = parse_key(entry).ok_or(KeyRingError::Malformed)?;
            if keys.len() == KEYS_MAX || keys.iter().any(|other| other.id == key.id) {
                return Err(KeyRingError::TooMany);
            }
            keys.push(key);
        }
        if keys.is_empty() { Err(KeyRingError::Empty) } else { Ok(Self { keys }) }
    }

    /// Signs `claims`. The same claims give the same token: EdDSA is deterministic (RFC 8032).
    ///
    /// # Errors
    ///
    /// [`TokenError::Invalid`] when the claims cannot be written as JSON or the ring is empty.
    pub fn sign(&self, purpose: Purpose, claims: &Claims) -> Result<String, TokenError> {
        let key = self.keys.first().ok_or(TokenError::Invalid)?;
        let header = Header {
            alg: ALGORITHM.to_owned(),
            typ: purpose.typ().to_owned(),
            kid: key.id.clone(),
        };
        let header = serde_json::to_vec(&header).map_err(|_| TokenError::Invalid)?;
        let claims = serde_json::to_vec(claims).map_err(|_| TokenError::Invalid)?;
        let mut token = BASE64URL_NOPAD.encode(&header);
        token.push('.');
        BASE64URL_NOPAD.encode_append(&claims, &mut token);
        let signature = key.signing.sign(token.as_bytes());
        token.push('.');
        BASE64URL_NOPAD.encode_append(&signature.to_bytes(), &mut token);
        Ok(token)
    }

    /// Verifies a token for `purpose` and `audience` at `now`.
    ///
    /// # Errors
    ///
    /// [`TokenError::Expired`] only for a token that is valid in everything but its time (with
    /// [`CLOCK_SKEW_MAX_S`] of tolerance), [`TokenError::Invalid`] for everything else.
    pub fn verify(
        &self,
        purpose: Purpose,
        audience: &str,
        token: &str,
        now: Instant,
    ) -> Result<Claims, TokenError> {
        let claims = self.verify_except_expiry(purpose, token, now)?;
        if claims.aud != audience {
            return Err(TokenError::Invalid);
        }
        if now.unix_s() > claims.exp.saturating_add(CLOCK_SKEW_MAX_S) {
            return Err(TokenError::Expired);
        }
        Ok(claims)
    }

    fn verify_except_expiry(
        &self,
        purpose: Purpose,
        token: &str,
        now: Instant,
    ) -> Result<Claims, TokenError> {
        if token.len() > TOKEN_LENGTH_MAX {
            return Err(TokenError::Invalid);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Invalid)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Invalid)?;
        let header: Header = decode_json(header)?;
        if header.alg != ALGORITHM || header.typ != purpose.typ() {
            return Err(TokenError::Invalid);
        }
        let key = self.keys.iter().find(|key| key.id == header.kid).ok_or(TokenError::Invalid)?;
        let signature =
            BASE64URL_NOPAD.decode(signature.as_bytes()).map_err(|_| TokenError::Invalid)?;
        let signature = Signature::from_slice(&signature).map_err(|_| TokenError::Invalid)?;
        // Strict: refuses small-order keys and signatures that are not in their one canonical form.
        key.verifying
            .verify_strict(signed.as_bytes(), &signature)
            .map_err(|_| TokenError::Invalid)?;
        let claims: Claims = decode_json(claims)?;
        let from_the_future = claims.iat > now.unix_s().saturating_add(CLOCK_SKEW_MAX_S);
        if claims.iss != ISSUER || from_the_future || claims.exp < claims.iat {
            return Err(TokenError::Invalid);
        }
        Ok(claims)
    }

    /// What decides the place of `user` in the draw of `event`: HMAC-SHA256 under the signing seed,
    /// so that nobody can foretell it and leaving and joining again draws the same.
    pub fn draw(&self, event: EventId, user: UserId) -> u64 {
        let seed = self.keys.first().map(|key| key.signing.to_bytes()).unwrap_or_default();
        // A key of any length is accepted.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&seed) else { return 0 };
        mac.update(b"draw");
        mac.update(event.as_uuid().as_bytes());
        mac.update(user.as_uuid().as_bytes());
        let digest = mac.finalize().into_bytes();
        digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// The public keys, as a JWK set's `keys`.
    pub fn public_keys(&self) -> Vec<PublicKey> {
        self.keys
            .iter()
            .map(|key| PublicKey {
                kty: "OKP".to_owned(),
                crv: "Ed25519".to_owned(),
                alg: ALGORITHM.to_owned(),
                usage: "sig".to_owned(),
                kid: key.id.clone(),
                x: BASE64URL_NOPAD.encode(key.verifying.as_bytes()),
            })
            .collect()
    }
}

/// The claims of a pass that the admission on record stands for. The same record gives the same
/// token every time.
pub fn pass_claims(
    event: EventId,
    user: UserId,
    pass_id: &str,
    issued_at: Instant,
    expires_at: Instant,
) -> Claims {
    Claims {
        iss: ISSUER.to_owned(),
        aud: event.to_string(),
        sub: user,
        jti: pass_id.to_owned(),
        iat: issued_at.unix_s(),
        exp: expires_at.unix_s(),
        number: None,
    }
}

fn parse_key(entry: &str) -> Option<Key> {
    let (id, seed) = entry.split_once(':')?;
    let id_fits = (1..=KEY_ID_LENGTH_MAX).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let seed = BASE64URL_NOPAD.decode(seed.as_bytes()).ok()?;
    let signing = SigningKey::from_bytes(&seed.try_into().ok()?);
    let verifying = signing.verifying_key();
    id_fits.then(|| Key { id: id.to_owned(), signing, verifying })
}

fn decode_json<T: DeserializeOwned>(part: &str) -> Result<T, TokenError> {
    let json = BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| TokenError::Invalid)?;
    serde_json::from_slice(&json).map_err(|_| TokenError::Invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5";
    const NOW: Instant = Instant::from_unix_ms(1_800_000_000_000);

    fn ring(entries: &[(&str, u8)]) -> KeyRing {
        let text: Vec<_> = entries
            .iter()
            .map(|(id, byte)| format!("{id}:{}", BASE64URL_NOPAD.encode(&[*byte; 32])))
            .collect();
        KeyRing::parse(&text.join(",")).unwrap()
    }

    fn claims() -> Claims {
        let user = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b6".parse().unwrap();
        pass_claims(EVENT.parse().unwrap(), user, "7.1800000000000", NOW, NOW.plus_ms(300_000))
    }

    /// A token whose header and claims are given as JSON, signed by the ring's first key.
    fn token(ring: &KeyRing, header: &str, claims: &str) -> String {
        let encode = |json: &str| BASE64URL_NOPAD.encode(json.as_bytes());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = ring.keys[0].signing.sign(signed.as_bytes());
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature.to_bytes()))
    }

    #[test]
    fn a_pass_is_the_same_every_time_and_verifies() {
        let ring = ring(&[("a", 1)]);
        let first = ring.sign(Purpose::QueuePass, &claims()).unwrap();
        assert_eq!(first, ring.sign(Purpose::QueuePass, &claims()).unwrap());
        assert_eq!(ring.verify(Purpose::QueuePass, EVENT, &first, NOW), Ok(claims()));
    }

    #[test]
    fn a_rolled_key_still_verifies() {
        let old = ring(&[("a", 1)]).sign(Purpose::QueuePass, &claims()).unwrap();
        let rolled = ring(&[("b", 2), ("a", 1)]);
        assert!(rolled.verify(Purpose::QueuePass, EVENT, &old, NOW).is_ok());
        let gone = ring(&[("b", 2)]);
        let verdict = gone.verify(Purpose::QueuePass, EVENT, &old, NOW);
        assert_eq!(verdict, Err(TokenError::Invalid));
    }

    #[test]
    fn none_can_stand_in_for_another() {
        let ring = ring(&[("a", 1)]);
        for purpose in [Purpose::Buyer, Purpose::Receipt] {
            let token = ring.sign(purpose, &claims()).unwrap();
            let verdict = ring.verify(Purpose::QueuePass, EVENT, &token, NOW);
            assert_eq!(verdict, Err(TokenError::Invalid), "{purpose:?}");
        }
        let token = ring.sign(Purpose::QueuePass, &claims()).unwrap();
        let other = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b7";
        let verdict = ring.verify(Purpose::QueuePass, other, &token, NOW);
        assert_eq!(verdict, Err(TokenError::Invalid));
    }

    #[test]
    fn a_pass_ends_within_a_minute_of_its_time() {
        let ring = ring(&[("a", 1)]);
        let token = ring.sign(Purpose::QueuePass, &claims()).unwrap();
        for (past_s, verdict) in
            [(0, Ok(claims())), (59, Ok(claims())), (61, Err(TokenError::Expired))]
        {
            let now = NOW.plus_ms(300_000 + past_s * 1_000);
            assert_eq!(ring.verify(Purpose::QueuePass, EVENT, &token, now), verdict, "{past_s}");
        }
    }

    #[test]
    fn only_the_exact_profile_is_accepted() {
        let ring = ring(&[("a", 1)]);
        let good = r#"{"alg":"EdDSA","typ":"qpass+jwt","kid":"a"}"#;
        let body = serde_json::to_string(&claims()).unwrap();
        assert!(ring.verify(Purpose::QueuePass, EVENT, &token(&ring, good, &body), NOW).is_ok());
        for header in [
            r#"{"alg":"none","typ":"qpass+jwt","kid":"a"}"#,
            r#"{"alg":"HS256","typ":"qpass+jwt","kid":"a"}"#,
            r#"{"alg":"EdDSA","typ":"JWT","kid":"a"}"#,
            r#"{"alg":"EdDSA","typ":"qpass+jwt"}"#,
            r#"{"alg":"EdDSA","typ":"qpass+jwt","kid":"../a"}"#,
            r#"{"alg":"EdDSA","typ":"qpass+jwt","kid":"a","jku":"https://example.com"}"#,
            r#"{"alg":"EdDSA","typ":"qpass+jwt","kid":"a","crit":[]}"#,
            "[]",
        ] {
            let verdict = ring.verify(Purpose::QueuePass, EVENT, &token(&ring, header, &body), NOW);
            assert_eq!(verdict, Err(TokenError::Invalid), "{header}");
        }
        for (name, value) in [
            ("exp", serde_json::json!("1800000300")),
            ("exp", serde_json::json!(1e18)),
            ("exp", serde_json::json!(1_799_999_999)),
            ("iat", serde_json::json!(1_800_000_061)),
            ("aud", serde_json::json!([EVENT])),
            ("aud", serde_json::json!(null)),
            ("iss", serde_json::json!("somebody")),
            ("sub", serde_json::json!("admin")),
        ] {
            let mut altered: serde_json::Value = serde_json::from_str(&body).unwrap();
            altered[name] = value;
            let token = token(&ring, good, &altered.to_string());
            let verdict = ring.verify(Purpose::QueuePass, EVENT, &token, NOW);
            assert_eq!(verdict, Err(TokenError::Invalid), "{altered}");
        }
    }

    #[test]
    fn any_change_of_a_token_breaks_it() {
        let ring = ring(&[("a", 1)]);
        let token = ring.sign(Purpose::QueuePass, &claims()).unwrap();
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
    fn joining_again_draws_the_same() {
        let event = EVENT.parse().unwrap();
        let user: UserId = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b6".parse().unwrap();
        let other: UserId = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b7".parse().unwrap();
        let drawn = ring(&[("a", 1)]).draw(event, user);
        assert_eq!(drawn, ring(&[("a", 1)]).draw(event, user));
        assert_ne!(drawn, ring(&[("a", 1)]).draw(event, other));
        assert_ne!(drawn, ring(&[("a", 2)]).draw(event, user));
    }

    #[test]
    fn a_ring_is_read_strictly() {
        let seed = BASE64URL_NOPAD.encode(&[7; 32]);
        for (text, error) in [
            (String::new(), KeyRingError::Empty),
            (" , ".to_owned(), KeyRingError::Empty),
            (seed.clone(), KeyRingError::Malformed),
            (format!("a b:{seed}"), KeyRingError::Malformed),
            (format!("a:{}", &seed[1..]), KeyRingError::Malformed),
            (format!("a:{seed},a:{seed}"), KeyRingError::TooMany),
            (format!("a:{seed},b:{seed},c:{seed},d:{seed}"), KeyRingError::TooMany),
        ] {
            assert_eq!(KeyRing::parse(&text).err(), Some(error), "{text}");
        }
    }

    #[test]
    fn public_keys_carry_no_secret() {
        let ring = ring(&[("a", 1)]);
        let keys = serde_json::to_value(ring.public_keys()).unwrap();
        let members: Vec<_> = keys[0].as_object().unwrap().keys().cloned().collect();
        assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
        assert_ne!(keys[0]["x"], BASE64URL_NOPAD.encode(&[1; 32]));
    }
}
