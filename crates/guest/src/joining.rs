//! Joining the queue of an event, the same for every way in.

use domain::code::Code;
use domain::id::{EventId, UserId};
use domain::proof::{self, Action, Challenge, Subject};
use sale::Receipt;
use scripts::{AddressCap, PlaceOutcome, QueuePlace, ShownProof};
use serde_json::json;

use crate::call::Call;
use crate::limit;
use crate::problem::Problem;
use crate::stores::SpinStores;
use crate::variables;

/// Gives `user` a place in the queue of `event`, or finds the one there is. `proof` is what the
/// client sends as a proof of work; where none is configured it is not looked at. `call` tells the
/// address, which may have so many places, where addresses count.
///
/// # Errors
///
/// 403 `proof_required`, with the `challenge`, when a new place needs a proof and this is none.
/// 503 when a store or a variable cannot be read.
pub async fn join(
    call: &Call,
    stores: &SpinStores,
    event: EventId,
    user: UserId,
    receipt: Option<Receipt>,
    proof: Option<&str>,
) -> Result<QueuePlace, Problem> {
    let keys = variables::signing_keys().await?;
    let easiest = easiest_proof().await?;
    let subject = Subject { event, user, action: Action::Join };
    let key = keys.proof_key();
    let checked = proof.filter(|_| easiest > 0).map(|it| proof::check(&key, subject, easiest, it));
    let shown = match &checked {
        _ if easiest == 0 => ShownProof::NotAsked,
        Some(Ok(challenged_at)) => ShownProof::Shown { challenged_at: *challenged_at },
        Some(Err(_)) | None => ShownProof::None,
    };
    let counted = limit::queue_places(call, event).await?;
    let address =
        counted.as_ref().map(|(digest, places_max)| AddressCap { digest, places_max: *places_max });
    let place = sale::join_queue(stores, event, user, receipt, shown, address).await?;
    if place.outcome != PlaceOutcome::ProofRequired {
        return Ok(place);
    }
    let detail = match checked {
        Some(Err(error)) => error.to_string(),
        Some(Ok(_)) => "the proof was used before, or is too old".to_owned(),
        None => Code::ProofRequired.title().to_owned(),
    };
    let difficulty = proof::difficulty(easiest, place.waiting);
    let challenge = Challenge::new(&key, subject, difficulty, place.now);
    Err(Problem::new(Code::ProofRequired, detail).with("challenge", json!(challenge)))
}

/// How hard the easiest proof is; 0 when none is asked for.
async fn easiest_proof() -> Result<u32, Problem> {
    const NAME: &str = "join_proof_difficulty";
    let text = variables::text(NAME).await?;
    let text = if text.is_empty() { "0" } else { &text };
    let range = proof::DIFFICULTY_MIN..=proof::DIFFICULTY_MAX;
    // A guard that cannot be read must not become no guard.
    text.parse().ok().filter(|it| *it == 0 || range.contains(it)).ok_or_else(|| {
        let (least, most) = (range.start(), range.end());
        Problem::unavailable(format!("variable {NAME} is neither 0 nor {least} to {most}"))
    })
}
