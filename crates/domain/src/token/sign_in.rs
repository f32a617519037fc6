//! What a letter carries to sign somebody in: a code to type, and the token of a link.
//!
//! Both follow from the id of the sign-in and the key that signs, so the letter says the same
//! every time it is written, and no store has them: the ledger keeps digests. When another key
//! signs, the letters on their way are worth nothing, and are asked for again.
//!
//! # Guessing
//!
//! A code is one of a million. A letter's code takes 5 tries within 15 minutes and only the newest
//! of a mailbox counts, so whoever guesses at one code is right by 5 in a million. A mailbox gets
//! at most 5 letters at once and 5 more in an hour (rate class `letter`), and its wrong codes count
//! together over a day, 20 at most, whatever address they come from: 20 in a million a day, one in
//! 137 for somebody who tries every day of a year, and each try writes a letter to the owner. The
//! token of a link has 256 bits, so nobody counts its tries.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use sha2::{Digest, Sha256};

use super::SigningKeys;

/// Digits of a code.
pub const CODE_DIGITS: usize = 6;
/// How many codes there are.
const CODES: u64 = 1_000_000;

/// What the letter of one sign-in carries. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct SignInSecrets {
    /// Six digits.
    pub code: String,
    /// 43 characters of base64url.
    pub link_token: String,
}

impl SignInSecrets {
    /// Those of the sign-in of this id.
    pub fn of(keys: &SigningKeys, id: &str) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = keys.derive(&format!("sign-in code\n{id}"));
        let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]) % CODES;
        let link_token = BASE64URL_NOPAD.encode(&keys.derive(&format!("sign-in link\n{id}")));
        Self { code: format!("{number:0CODE_DIGITS$}"), link_token }
    }
}

/// What a code is compared by: nobody finds the code from it without the key.
pub fn code_digest(keys: &SigningKeys, email: &str, code: &str) -> String {
    keys.keyed_digest(&format!("sign-in\n{}\n{code}", email.to_lowercase()))
}

/// What a secret of 256 bits is compared by: SHA-256, in hex.
pub fn secret_digest(secret: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(seed: u8) -> SigningKeys {
        SigningKeys::parse(&format!("k1:{}", BASE64URL_NOPAD.encode(&[seed; 32]))).unwrap()
    }

    #[test]
    fn a_letter_carries_the_same_secrets_each_time_and_no_other_letter_has_them() {
        let first = SignInSecrets::of(&keys(1), "a");
        assert!(first == SignInSecrets::of(&keys(1), "a"));
        for other in [SignInSecrets::of(&keys(1), "b"), SignInSecrets::of(&keys(2), "a")] {
            assert_ne!(first.link_token, other.link_token);
            assert_ne!(first.code, other.code);
        }
        for id in 0..200 {
            let SignInSecrets { code, link_token } = SignInSecrets::of(&keys(3), &id.to_string());
            assert!(code.len() == CODE_DIGITS && code.bytes().all(|it| it.is_ascii_digit()));
            assert_eq!(link_token.len(), 43);
        }
    }

    #[test]
    fn a_code_is_good_for_its_mailbox_in_any_letter_case() {
        let of = |email: &str, code: &str| code_digest(&keys(1), email, code);
        assert_eq!(of("Fan@Example.com", "012345"), of("fan@example.com", "012345"));
        assert_ne!(of("fan@example.com", "012345"), of("fan@example.com", "012346"));
        assert_ne!(of("fan@example.com", "012345"), of("other@example.com", "012345"));
        assert_ne!(of("fan@example.com", "1"), code_digest(&keys(2), "fan@example.com", "1"));
    }
}
