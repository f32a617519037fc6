//! `POST /api/v1/checkin`: lets the bearer of a ticket in, once, or takes that back.
//!
//! No rate is asked: that would need Redis, and whoever is at the door holds a key.

use domain::code::Code;
use domain::id::EventId;
use domain::ticket::{ScanResult, Ticket, check_name};
use guest::call::invalid_fields;
use guest::idempotency::{self, Claim};
use guest::{Call, Problem, Reply, auth, postgres, variables};
use ledger::{CheckIn, CheckInOutcome, ScanRequest};
use serde::{Deserialize, Serialize};
use service::door::{self, DoorRight};

#[derive(Deserialize)]
struct CheckInBody {
    event_id: EventId,
    /// What was scanned, or an id that was typed.
    code: String,
    /// Where, in words of those who scan.
    gate: Option<String>,
    /// Whether an admission is taken back.
    undo: Option<bool>,
}

#[derive(Serialize)]
struct CheckInReply {
    result: ScanResult,
    ticket: Option<Box<Ticket>>,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    // Who may not even let in learns nothing of the body.
    auth::door(&call, DoorRight::CheckIn).await?;
    let CheckInBody { event_id: event, code, gate, undo } = call.json()?;
    let undo = undo.unwrap_or_default();
    let right = if undo { DoorRight::Undo } else { DoorRight::CheckIn };
    let caller = auth::door(&call, right).await?;
    if let Some(gate) = &gate {
        check_name("gate", gate).map_err(|problem| invalid_fields(&[problem]))?;
    }
    let keys = variables::verifying_keys().await?;
    let ticket = door::shown_ticket(&keys, &code);
    let claim = Claim::given(&call, &format!("checkin:{}", caller.scope()))?;
    let request =
        claim.as_ref().map(|Claim { entry, fingerprint }| ScanRequest { entry, fingerprint });
    let gate = gate.as_deref().unwrap_or_default();
    let scan = CheckIn { event, ticket: ticket.as_ref(), gate, undo, request };
    let database = postgres::database().await?;
    match ledger::check_in(&database, &scan).await? {
        CheckInOutcome::Scanned { result, ticket, is_replayed } => {
            let reply = Reply::ok(&CheckInReply { result, ticket })?;
            Ok(if is_replayed { reply.with_header(idempotency::REPLAYED, "true") } else { reply })
        }
        CheckInOutcome::RequestReused => Err(Problem::of(Code::IdempotencyKeyReused)),
        CheckInOutcome::EventMissing => Err(Problem::of(Code::EventNotFound)),
    }
}
