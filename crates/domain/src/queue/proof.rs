//! Proof of work at joining, in ALTCHA's published format (version 1): a place costs a program what
//! it costs a fan's browser, a moment of computing, and so ten thousand places cost it hours.
//!
//! A challenge is `SHA-256(salt + number)` for a number that only we know; whoever tries them all
//! finds it. Nothing is stored: the number follows from the salt under our key, and the salt says
//! for which event, user and action the challenge is, how hard, and since when. That it is good
//! once and for a while is decided where the place is made, in `join_queue.lua`.

use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::{EventId, UserId};
use crate::time::Instant;

#[cfg(test)]
mod tests;

/// How long a challenge is good for: time to solve it on a slow telephone, and to come back from a
/// meta refresh; too short to stock up for an evening.
pub const LIFE_MS: i64 = 5 * 60 * 1_000;
/// The least that can be asked for: below it a proof costs less than the request that brings it.
pub const DIFFICULTY_MIN: u32 = 1_000;
/// The most that is ever asked for. A browser tries some hundred thousand a second and needs half
/// of them on average: ten seconds, which is as long as a fan can be asked to stare at a screen.
pub const DIFFICULTY_MAX: u32 = 2_000_000;
/// Each so many who wait make the next proof harder by what the first one costs.
const WAITING_PER_STEP: i64 = 1_000;
/// How many times harder than the first one at most.
const STEPS_MAX: u32 = 16;
/// A longer proof is refused before anything of it is read.
const PROOF_LENGTH_MAX: usize = 1_024;
const ALGORITHM: &str = "SHA-256";

/// What a proof is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// The event.
    pub event: EventId,
    /// The user.
    pub user: UserId,
    /// What the user wants to do.
    pub action: Action,
}

/// What a proof lets its owner do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Join the queue.
    Join,
}

impl Action {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Join => "join",
        }
    }
}

/// What a client is asked to solve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Always `SHA-256`.
    pub algorithm: String,
    /// `SHA-256(salt + number)` in hex.
    pub challenge: String,
    /// The number is 0 to this.
    pub maxnumber: u32,
    /// What stands before the number.
    pub salt: String,
    /// Ours, over `challenge`.
    pub signature: String,
}

/// A solution as it is sent: this as JSON in base64.
#[derive(Serialize, Deserialize)]
struct Solution {
    algorithm: String,
    challenge: String,
    number: u32,
    salt: String,
    signature: String,
}

/// Why a proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Not a solution in this format.
    #[error("the proof cannot be read")]
    Malformed,
    /// Of another event, user or action.
    #[error("the proof is for something else")]
    OtherSubject,
    /// Easier than the easiest that is asked for.
    #[error("the proof is too easy")]
    TooEasy,
    /// The number does not solve it, or we never asked for it.
    #[error("the proof is wrong")]
    Wrong,
}

/// What is asked of the next one when `waiting` are in the line: the easiest, and as much again for
/// each thousand of them, within bounds.
pub fn difficulty(easiest: u32, waiting: i64) -> u32 {
    let steps = u32::try_from(waiting.max(0) / WAITING_PER_STEP).unwrap_or(u32::MAX);
    let steps = steps.saturating_add(1).min(STEPS_MAX);
    easiest.saturating_mul(steps).clamp(DIFFICULTY_MIN, DIFFICULTY_MAX)
}

impl Challenge {
    /// The challenge that `subject` gets at this time. The same again is the same challenge.
    pub fn new(key: &[u8], subject: Subject, difficulty: u32, issued_at: Instant) -> Self {
        let salt = salt(subject, difficulty, issued_at);
        let digest = mac(key, &format!("number {salt}")).finalize().into_bytes();
        let chosen = digest.iter().take(8).fold(0, |all, byte| all << 8 | u64::from(*byte));
        let number = u32::try_from(chosen % (u64::from(difficulty) + 1)).unwrap_or(0);
        let challenge = hash(&salt, number);
        let signature = HEXLOWER.encode(&mac(key, &challenge).finalize().into_bytes());
        let algorithm = ALGORITHM.to_owned();
        Self { algorithm, challenge, maxnumber: difficulty, salt, signature }
    }

    /// Solves it by trying; nothing when no number does. The form in which it is sent.
    pub fn solve(&self) -> Option<String> {
        let number = (0..=self.maxnumber).find(|it| hash(&self.salt, *it) == self.challenge)?;
        Some(self.solved_by(number))
    }

    /// The form in which `number` is sent as the solution.
    pub fn solved_by(&self, number: u32) -> String {
        let Self { algorithm, challenge, salt, signature, .. } = self.clone();
        let solution = Solution { algorithm, challenge, number, salt, signature };
        // Numbers and texts can always be written.
        BASE64.encode(&serde_json::to_vec(&solution).unwrap_or_default())
    }
}

/// Checks a proof and tells when its challenge was made. How old that may be, and that it is used
/// once, is decided with the place.
///
/// # Errors
///
/// [`ProofError`].
pub fn check(
    key: &[u8],
    subject: Subject,
    easiest: u32,
    proof: &str,
) -> Result<Instant, ProofError> {
    if proof.len() > PROOF_LENGTH_MAX {
        return Err(ProofError::Malformed);
    }
    let json = BASE64.decode(proof.as_bytes()).map_err(|_| ProofError::Malformed)?;
    let solution: Solution = serde_json::from_slice(&json).map_err(|_| ProofError::Malformed)?;
    let (issued_at, difficulty) = read_salt(&solution.salt).ok_or(ProofError::Malformed)?;
    // mutant: proofs-of-others-are-good
    if solution.salt != salt(subject, difficulty, issued_at) {
        return Err(ProofError::OtherSubject);
    }
    // mutant: easy-proofs-are-good
    if difficulty < easiest {
        return Err(ProofError::TooEasy);
    }
    let challenge = hash(&solution.salt, solution.number);
    let signature = HEXLOWER.decode(solution.signature.as_bytes()).unwrap_or_default();
    let is_ours = mac(key, &challenge).verify_slice(&signature).is_ok();
    // mutant: anybody-sets-the-puzzle
    if solution.algorithm == ALGORITHM && solution.challenge == challenge && is_ours {
        Ok(issued_at)
    } else {
        Err(ProofError::Wrong)
    }
}

/// The parameters stand in the salt, as the format has it, and an `&` ends them: without it digits
/// of the number could be read as digits of the last parameter.
fn salt(subject: Subject, difficulty: u32, issued_at: Instant) -> String {
    let Subject { event, user, action } = subject;
    let (action, issued_ms) = (action.as_str(), issued_at.unix_ms());
    let expires_s = issued_at.plus_ms(LIFE_MS).unix_s();
    format!(
        "{event}.{user}.{action}?issued_ms={issued_ms}&maxnumber={difficulty}&expires={expires_s}&"
    )
}

fn read_salt(salt: &str) -> Option<(Instant, u32)> {
    let (_, parameters) = salt.split_once('?')?;
    let mut parameters = parameters.split('&');
    let issued_ms = parameters.next()?.strip_prefix("issued_ms=")?.parse().ok()?;
    let difficulty = parameters.next()?.strip_prefix("maxnumber=")?.parse().ok()?;
    Some((Instant::from_unix_ms(issued_ms), difficulty))
}

fn hash(salt: &str, number: u32) -> String {
    HEXLOWER.encode(&Sha256::digest(format!("{salt}{number}")))
}

/// A key of any length is accepted, so the other branch is never taken.
fn mac(key: &[u8], text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)
        .unwrap_or_else(|_| Hmac::<Sha256>::new(&Default::default()));
    mac.update(text.as_bytes());
    mac
}
