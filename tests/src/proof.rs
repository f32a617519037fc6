//! Solves proofs of work from their description alone, without code of ours.

use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The proof that answers a challenge (ALTCHA, version 1).
pub fn solve(challenge: &Value) -> String {
    let text = |name: &str| challenge[name].as_str().expect("a text").to_owned();
    let (salt, wanted) = (text("salt"), text("challenge"));
    let most = challenge["maxnumber"].as_u64().expect("a number");
    let fits = |number: &u64| HEXLOWER.encode(&Sha256::digest(format!("{salt}{number}"))) == wanted;
    let number = (0..=most).find(fits).expect("a solution");
    let solution = json!({
        "algorithm": "SHA-256",
        "challenge": wanted,
        "number": number,
        "salt": salt,
        "signature": text("signature"),
    });
    BASE64.encode(solution.to_string().as_bytes())
}
