//! Joining the queue of an event with the settings of the manifest.

use domain::id::{EventId, UserId};
use sale::Receipt;
use scripts::{AddressCap, QueuePlace};
use service::joining::{self, Join, easiest_proof};

use crate::call::Call;
use crate::problem::Problem;
use crate::stores::SpinStores;
use crate::{limit, variables};

/// Gives `user` a place in the queue of `event`, or finds the one there is; see [`joining::join`].
/// `call` tells the address.
///
/// # Errors
///
/// 403 `proof_required`, with the `challenge`, when a new place needs a proof and there is no good
/// one. 503 when a store or a variable cannot be read.
pub async fn join(
    call: &Call,
    stores: &SpinStores,
    event: EventId,
    user: UserId,
    receipt: Option<Receipt>,
    proof: Option<&str>,
    is_registered: bool,
) -> Result<QueuePlace, Problem> {
    let keys = variables::signing_keys().await?;
    let easiest_proof = easiest_proof(&variables::text("join_proof_difficulty").await?)?;
    let counted = limit::queue_places(call, event).await?;
    let address =
        counted.as_ref().map(|(digest, places_max)| AddressCap { digest, places_max: *places_max });
    let request = Join { event, user, receipt, proof, easiest_proof, is_registered, address };
    Ok(joining::join(stores, &keys, &request).await?)
}
