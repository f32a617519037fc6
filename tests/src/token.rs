//! Tokens of every kind, honest and forged.
//!
//! Written from the contract, apart from the server's code: two readings that must agree.

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::box_office::{BoxOffice, merged};

/// Signs any header and claims with the system's own key.
pub struct Minter {
    key_id: String,
    key: SigningKey,
}

impl Minter {
    /// The first key of the ring: the one that signs.
    pub fn of(office: &BoxOffice) -> Self {
        let ring = &office.system().secrets.signing_keys;
        let first = ring.split(',').next().expect("a key");
        let (key_id, seed) = first.split_once(':').expect("`kid:seed`");
        let seed = BASE64URL_NOPAD.decode(seed.as_bytes()).expect("base64url");
        let key = SigningKey::from_bytes(&seed.try_into().expect("32 bytes"));
        Self { key_id: key_id.to_owned(), key }
    }

    /// A key of one's own, under a name of one's own.
    pub fn new(key_id: &str, seed: [u8; 32]) -> Self {
        Self { key_id: key_id.to_owned(), key: SigningKey::from_bytes(&seed) }
    }

    /// `kid:seed`, as in the variable `signing_keys`.
    pub fn signing_key(&self) -> String {
        format!("{}:{}", self.key_id, BASE64URL_NOPAD.encode(&self.key.to_bytes()))
    }

    /// `kid:public key`, as in the variable `verifying_keys`.
    pub fn verifying_key(&self) -> String {
        format!("{}:{}", self.key_id, BASE64URL_NOPAD.encode(self.key.verifying_key().as_bytes()))
    }

    /// A key that the system does not know, under the name of one that it does.
    pub fn stranger(&self) -> Self {
        Self { key_id: self.key_id.clone(), key: SigningKey::from_bytes(&[7; 32]) }
    }

    /// The code of a ticket that says this, and which key has signed it.
    pub fn ticket_code(&self, said: &Value) -> String {
        let payload = merged(said.clone(), &json!({ "k": self.key_id }));
        let code = format!("tk1.{}", BASE64URL_NOPAD.encode(payload.to_string().as_bytes()));
        let signature = self.key.sign(code.as_bytes());
        format!("{code}.{}", BASE64URL_NOPAD.encode(&signature.to_bytes()))
    }

    /// The header of a token of this type.
    pub fn header(&self, typ: &str) -> Value {
        json!({ "alg": "EdDSA", "typ": typ, "kid": self.key_id })
    }

    /// A token with a good signature.
    pub fn token(&self, header: &Value, claims: &Value) -> String {
        let signed = unsigned(header, claims);
        let signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature.to_bytes()))
    }

    /// A token with `alg: none` and no signature.
    pub fn unsigned_token(&self, typ: &str, claims: &Value) -> String {
        let header = merged(self.header(typ), &json!({ "alg": "none" }));
        format!("{}.", unsigned(&header, claims))
    }

    /// A token signed with HMAC under the public key: what a verifier accepts that lets the header
    /// choose the algorithm.
    pub fn hmac_token(&self, typ: &str, claims: &Value) -> String {
        let header = merged(self.header(typ), &json!({ "alg": "HS256" }));
        let signed = unsigned(&header, claims);
        let public_key = self.key.verifying_key();
        let mut mac =
            Hmac::<Sha256>::new_from_slice(public_key.as_bytes()).expect("takes any length");
        mac.update(signed.as_bytes());
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
    }
}

/// The token with other claims under the same signature.
pub fn altered(token: &str, change: &Value) -> String {
    let parts: Vec<_> = token.split('.').collect();
    let claims = encode(&merged(claims_of(token), change));
    format!("{}.{claims}.{}", parts[0], parts[2])
}

/// The token with another signature that satisfies the equation all the same: S + L in place of S.
/// Verifiers that do not insist on the smallest S accept both.
pub fn malleated(token: &str) -> String {
    // The order of the group, 2^252 + 27742317777372353535851937790883648493, little-endian.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let mut signature = BASE64URL_NOPAD.decode(signature.as_bytes()).expect("base64url");
    let mut carry = 0_u16;
    for (byte, add) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
}

/// The claims of a token.
pub fn claims_of(token: &str) -> Value {
    let claims = token.split('.').nth(1).expect("three parts");
    let json = BASE64URL_NOPAD.decode(claims.as_bytes()).expect("base64url");
    serde_json::from_slice(&json).expect("JSON")
}

fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encode(header), encode(claims))
}

fn encode(value: &Value) -> String {
    BASE64URL_NOPAD.encode(value.to_string().as_bytes())
}
