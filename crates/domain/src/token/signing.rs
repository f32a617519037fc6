//! The private keys: only what issues tokens holds them.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{ALGORITHM, Claims, Header, KeysError, Purpose, TokenError, VerifyingKeys, parse_keys};

/// The keys that sign, by their ids. The first signs; the others only wait for their turn.
pub struct SigningKeys {
    keys: Vec<(String, SigningKey)>,
}

impl SigningKeys {
    /// Reads `kid:seed` entries separated by commas, the seed 32 bytes in base64url without
    /// padding, `kid` 1 to 32 letters, digits, `-` or `_`.
    ///
    /// # Errors
    ///
    /// [`KeysError`] when the text is no such list.
    pub fn parse(text: &str) -> Result<Self, KeysError> {
        let keys = parse_keys(text, |seed| Some(SigningKey::from_bytes(&seed)))?;
        Ok(Self { keys })
    }

    /// Signs `claims`. The same claims give the same token: EdDSA is deterministic (RFC 8032).
    ///
    /// # Errors
    ///
    /// [`TokenError::Invalid`] when the claims cannot be written as JSON or there is no key.
    pub fn sign(&self, purpose: Purpose, claims: &Claims) -> Result<String, TokenError> {
        let (key_id, key) = self.keys.first().ok_or(TokenError::Invalid)?;
        let header = Header {
            alg: ALGORITHM.to_owned(),
            typ: purpose.typ().to_owned(),
            kid: key_id.clone(),
        };
        let header = serde_json::to_vec(&header).map_err(|_| TokenError::Invalid)?;
        let claims = serde_json::to_vec(claims).map_err(|_| TokenError::Invalid)?;
        let mut token = BASE64URL_NOPAD.encode(&header);
        token.push('.');
        BASE64URL_NOPAD.encode_append(&claims, &mut token);
        let signature = key.sign(token.as_bytes());
        token.push('.');
        BASE64URL_NOPAD.encode_append(&signature.to_bytes(), &mut token);
        Ok(token)
    }

    /// Stands for `text` to whoever has these keys, and tells nobody: HMAC-SHA256 under the first
    /// key's seed, in hex. Another first key gives another digest.
    pub fn keyed_digest(&self, text: &str) -> String {
        let seed = self.keys.first().map(|(_, key)| key.to_bytes()).unwrap_or_default();
        // HMAC fills a key that is shorter than a block with zeros.
        let mut block = [0; 64];
        block[..seed.len()].copy_from_slice(&seed);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(b"boxoffice digest\n");
        mac.update(text.as_bytes());
        HEXLOWER.encode(&mac.finalize().into_bytes())
    }

    /// The public halves, in the same order.
    pub fn verifying_keys(&self) -> VerifyingKeys {
        let public = |(id, key): &(String, SigningKey)| (id.clone(), key.verifying_key());
        VerifyingKeys { keys: self.keys.iter().map(public).collect() }
    }

    /// The key for proofs of work, derived from the seed that signs.
    pub fn proof_key(&self) -> Vec<u8> {
        let seed = self.keys.first().map(|(_, key)| key.to_bytes()).unwrap_or_default();
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&seed) else { return Vec::new() };
        mac.update(b"proof of work");
        mac.finalize().into_bytes().to_vec()
    }
}
