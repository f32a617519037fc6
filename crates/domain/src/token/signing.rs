//! The private keys: only what issues tokens holds them.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;

use super::{ALGORITHM, Header, Keys, KeysError, Purpose, TokenError, VerifyingKeys};

/// The keys that sign, by their ids. The first signs; the others only wait for their turn.
pub struct SigningKeys(Keys<SigningKey>);

impl SigningKeys {
    /// Reads `kid:seed` entries separated by commas, the seed 32 bytes in base64url without
    /// padding, `kid` 1 to 32 letters, digits, `-` or `_`.
    ///
    /// # Errors
    ///
    /// [`KeysError`] when the text is no such list.
    pub fn parse(text: &str) -> Result<Self, KeysError> {
        Keys::parse(text, |seed| Some(SigningKey::from_bytes(&seed))).map(Self)
    }

    /// Signs `claims`. The same claims give the same token: EdDSA is deterministic (RFC 8032).
    ///
    /// # Errors
    ///
    /// [`TokenError::Invalid`] when the claims cannot be written as JSON.
    pub(crate) fn sign(
        &self,
        purpose: Purpose,
        claims: &impl Serialize,
    ) -> Result<String, TokenError> {
        let (key_id, key) = &self.0.first;
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
        let signature = signature(key, &token);
        token.push('.');
        token.push_str(&signature);
        Ok(token)
    }

    /// The id of the key that signs.
    pub(super) fn first_id(&self) -> &str {
        &self.0.first.0
    }

    /// The signature of a text by the key that signs.
    pub(super) fn signature_of(&self, text: &str) -> String {
        signature(&self.0.first.1, text)
    }

    /// Stands for `text` to whoever has these keys, and tells nobody else what it is; in hex.
    /// Another first key gives another digest.
    pub fn keyed_digest(&self, text: &str) -> String {
        HEXLOWER.encode(&self.derive(&format!("boxoffice digest\n{text}")))
    }

    /// The key for proofs of work.
    pub fn proof_key(&self) -> [u8; 32] {
        self.derive("proof of work")
    }

    /// 32 bytes for one use, which tell nothing of the key: HMAC-SHA256 of `label` under the seed
    /// that signs.
    pub(super) fn derive(&self, label: &str) -> [u8; 32] {
        // HMAC fills a key that is shorter than a block with zeros.
        let mut block = [0; 64];
        block[..32].copy_from_slice(self.0.first.1.as_bytes());
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(label.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The public halves, in the same order.
    pub fn verifying_keys(&self) -> VerifyingKeys {
        VerifyingKeys { keys: self.0.map(SigningKey::verifying_key) }
    }
}

/// The signature of a text in base64url without padding.
fn signature(key: &SigningKey, text: &str) -> String {
    BASE64URL_NOPAD.encode(&key.sign(text.as_bytes()).to_bytes())
}
