//! Joining the queue of an event, the same for every way in.

use cluster::Transport;
use domain::code::Code;
use domain::id::{EventId, UserId};
use domain::proof::{self, Action, Challenge, Subject};
use domain::token::SigningKeys;
use ledger::Database;
use sale::{Receipt, Stores};
use scripts::{AddressCap, PlaceOutcome, QueuePlace, ShownProof};
use serde_json::json;

use crate::Refusal;

/// A fan who wants into the queue of an event.
pub struct Join<'a> {
    /// The event.
    pub event: EventId,
    /// The fan.
    pub user: UserId,
    /// A genuine receipt of a place that the fan has had.
    pub receipt: Option<Receipt>,
    /// What the client sends as a proof of work. Where none is asked for it is not looked at.
    pub proof: Option<&'a str>,
    /// How hard the easiest proof is; 0 when none is asked for.
    pub easiest_proof: u32,
    /// Whether the fan is signed in to an account.
    pub is_registered: bool,
    /// The address of the fan and how many places it may have, where addresses count.
    pub address: Option<AddressCap<'a>>,
}

/// Gives the fan a place, or finds the one there is.
///
/// # Errors
///
/// `proof_required`, with the `challenge`, when a new place needs a proof and there is no good one;
/// `unavailable` when a store does not answer.
pub async fn join<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    keys: &SigningKeys,
    request: &Join<'_>,
) -> Result<QueuePlace, Refusal> {
    let Join { event, user, receipt, proof, easiest_proof, is_registered, address } = *request;
    let subject = Subject { event, user, action: Action::Join };
    let key = keys.proof_key();
    let checked = proof
        .filter(|_| easiest_proof > 0)
        .map(|proof| proof::check(&key, subject, easiest_proof, proof));
    let shown = match &checked {
        _ if easiest_proof == 0 => ShownProof::NotAsked,
        Some(Ok(challenged_at)) => ShownProof::Shown { challenged_at: *challenged_at },
        Some(Err(_)) | None => ShownProof::None,
    };
    let place =
        sale::join_queue(stores, event, user, receipt, shown, address, is_registered).await?;
    if place.outcome != PlaceOutcome::ProofRequired {
        return Ok(place);
    }
    let detail = match checked {
        Some(Err(error)) => error.to_string(),
        Some(Ok(_)) => "the proof was used before, or is too old".to_owned(),
        None => Code::ProofRequired.title().to_owned(),
    };
    let difficulty = proof::difficulty(easiest_proof, place.waiting);
    let challenge = Challenge::new(&key, subject, difficulty, place.now);
    Err(Refusal::new(Code::ProofRequired, detail).with("challenge", json!(challenge)))
}

/// Reads how hard the easiest proof is; 0, and an empty text, for none.
///
/// # Errors
///
/// `not_configured` when it cannot be read: a guard must not become no guard.
pub fn easiest_proof(text: &str) -> Result<u32, Refusal> {
    let text = if text.is_empty() { "0" } else { text };
    let range = proof::DIFFICULTY_MIN..=proof::DIFFICULTY_MAX;
    text.parse().ok().filter(|it| *it == 0 || range.contains(it)).ok_or_else(|| {
        let (least, most) = (range.start(), range.end());
        Refusal::not_configured(format!("join_proof_difficulty is neither 0 nor {least} to {most}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difficulty_that_cannot_be_read_is_not_none() {
        assert_eq!(easiest_proof(""), Ok(0));
        assert_eq!(easiest_proof("0"), Ok(0));
        assert_eq!(easiest_proof("1000"), Ok(1_000));
        for text in ["1", "none", "-5", "99999999999"] {
            let refused = easiest_proof(text).map_err(|refusal| refusal.code);
            assert_eq!(refused, Err(Code::NotConfigured), "{text}");
        }
    }
}
