//! The public keys: enough for everything that only reads tokens.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::kinds::ReceiptMembers;
use super::{
    ALGORITHM, CLOCK_SKEW_MAX_S, Claims, Header, ISSUER, Keys, KeysError, Purpose,
    TOKEN_LENGTH_MAX, TokenError,
};
use crate::id::EventId;
use crate::time::Instant;

/// The keys that verify, by their ids. All of them count: that is how a key is rolled.
///
/// Written (`Display`) as it is parsed: `kid:public key,…`.
pub struct VerifyingKeys {
    pub(super) keys: Keys<VerifyingKey>,
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

impl VerifyingKeys {
    /// Reads `kid:public key` entries separated by commas, the key 32 bytes in base64url without
    /// padding, `kid` 1 to 32 letters, digits, `-` or `_`.
    ///
    /// # Errors
    ///
    /// [`KeysError`] when the text is no such list, or a key is not one of Ed25519 or a weak one:
    /// with a key of small order anybody could sign.
    pub fn parse(text: &str) -> Result<Self, KeysError> {
        // mutant: weak-keys-verify
        let read = |bytes| VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak());
        Ok(Self { keys: Keys::parse(text, read)? })
    }

    /// Verifies a token for `purpose` and `audience` at `now`.
    ///
    /// # Errors
    ///
    /// [`TokenError::Expired`] only for a token that is valid in everything but its time (with
    /// [`CLOCK_SKEW_MAX_S`] of tolerance), [`TokenError::Invalid`] for everything else.
    pub(crate) fn verify(
        &self,
        purpose: Purpose,
        audience: &str,
        token: &str,
        now: Instant,
    ) -> Result<Claims, TokenError> {
        let claims = self.verify_genuine(purpose, audience, token, now)?;
        in_time(&claims, now)?;
        Ok(claims)
    }

    /// As [`verify`](Self::verify), for a token that may have ended.
    ///
    /// # Errors
    ///
    /// [`TokenError::Invalid`].
    pub(super) fn verify_genuine(
        &self,
        purpose: Purpose,
        audience: &str,
        token: &str,
        now: Instant,
    ) -> Result<Claims, TokenError> {
        let (claims, _) = self.verify_except_expiry(purpose, token, now)?;
        // mutant: a-pass-of-another-event
        if claims.aud != audience {
            return Err(TokenError::Invalid);
        }
        Ok(claims)
    }

    /// Verifies the receipt of a place in the queue of any event: what its owner can be known by.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify).
    pub(super) fn verify_receipt(
        &self,
        token: &str,
        now: Instant,
    ) -> Result<(Claims, ReceiptMembers), TokenError> {
        let (claims, payload) = self.verify_except_expiry(Purpose::Receipt, token, now)?;
        // mutant: any-receipt-names-its-owner
        if claims.aud.parse::<EventId>().is_err() {
            return Err(TokenError::Invalid);
        }
        let members = decode_json(payload)?;
        in_time(&claims, now)?;
        Ok((claims, members))
    }

    /// Verifies the key to the bookings of a guest, whatever booking it is about.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify).
    pub(super) fn verify_bookings_key(
        &self,
        token: &str,
        now: Instant,
    ) -> Result<Claims, TokenError> {
        let (claims, _) = self.verify_except_expiry(Purpose::BookingsKey, token, now)?;
        in_time(&claims, now)?;
        Ok(claims)
    }

    /// The claims of a genuine token, which may have ended, and all that it says, in base64url.
    fn verify_except_expiry<'t>(
        &self,
        purpose: Purpose,
        token: &'t str,
        now: Instant,
    ) -> Result<(Claims, &'t str), TokenError> {
        if token.len() > TOKEN_LENGTH_MAX {
            return Err(TokenError::Invalid);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Invalid)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Invalid)?;
        let header: Header = decode_json(header)?;
        // mutant: any-token-is-a-pass
        if header.alg != ALGORITHM || header.typ != purpose.typ() {
            return Err(TokenError::Invalid);
        }
        self.check_signature(&header.kid, signed, signature)?;
        let start: Start = decode_json(payload)?;
        let claims: Claims = decode_json(payload)?;
        let latest = now.unix_s().saturating_add(CLOCK_SKEW_MAX_S);
        let from_the_future = claims.iat > latest || start.nbf.is_some_and(|nbf| nbf > latest);
        if claims.iss != ISSUER || from_the_future || claims.exp < claims.iat {
            return Err(TokenError::Invalid);
        }
        Ok((claims, payload))
    }

    /// Checks that the key with this id has signed a text; the signature in base64url without
    /// padding.
    ///
    /// # Errors
    ///
    /// [`TokenError::Invalid`].
    pub(super) fn check_signature(
        &self,
        key_id: &str,
        signed: &str,
        signature: &str,
    ) -> Result<(), TokenError> {
        let key = self.keys.iter().find(|(id, _)| id == key_id);
        let (_, key) = key.ok_or(TokenError::Invalid)?;
        let signature =
            BASE64URL_NOPAD.decode(signature.as_bytes()).map_err(|_| TokenError::Invalid)?;
        let signature = Signature::from_slice(&signature).map_err(|_| TokenError::Invalid)?;
        // Strict: refuses small-order keys and signatures that are not in their one canonical form.
        // mutant: tokens-are-not-verified
        key.verify_strict(signed.as_bytes(), &signature).map_err(|_| TokenError::Invalid)?;
        Ok(())
    }

    /// Whether the first key of `signing` is known here, id and all: else what it signs is refused.
    pub fn know(&self, signing: &Self) -> bool {
        self.keys.iter().any(|key| *key == signing.keys.first)
    }

    /// The public keys, as a JWK set's `keys`.
    pub fn public_keys(&self) -> Vec<PublicKey> {
        self.keys
            .iter()
            .map(|(id, key)| PublicKey {
                kty: "OKP".to_owned(),
                crv: "Ed25519".to_owned(),
                alg: ALGORITHM.to_owned(),
                usage: "sig".to_owned(),
                kid: id.clone(),
                x: BASE64URL_NOPAD.encode(key.as_bytes()),
            })
            .collect()
    }
}

impl fmt::Display for VerifyingKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (id, key)) in self.keys.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(formatter, "{comma}{id}:{}", BASE64URL_NOPAD.encode(key.as_bytes()))?;
        }
        Ok(())
    }
}

pub(super) fn in_time(claims: &Claims, now: Instant) -> Result<(), TokenError> {
    // mutant: tokens-never-end
    let is_over = now.unix_s() > claims.exp.saturating_add(CLOCK_SKEW_MAX_S);
    if is_over { Err(TokenError::Expired) } else { Ok(()) }
}

/// A claim that no token of ours carries, and that is honoured all the same.
#[derive(Deserialize)]
struct Start {
    /// Not before, in seconds.
    nbf: Option<i64>,
}

pub(super) fn decode_json<T: DeserializeOwned>(part: &str) -> Result<T, TokenError> {
    let json = BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| TokenError::Invalid)?;
    // A list of the members' values would be read as well.
    if json.first() != Some(&b'{') {
        return Err(TokenError::Invalid);
    }
    serde_json::from_slice(&json).map_err(|_| TokenError::Invalid)
}
