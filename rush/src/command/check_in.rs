//! `rush check-in`.

use clap::Args;
use domain::id::EventId;

use super::{Server, unique};
use crate::api::Scan;

/// Options of `rush check-in`.
#[derive(Args)]
pub(crate) struct CheckInArguments {
    /// The event at whose door the ticket is shown.
    event_id: EventId,
    /// What was scanned, or the id of a ticket.
    code: String,
    /// Which door.
    #[arg(long)]
    gate: Option<String>,
    /// Take the admission back instead.
    #[arg(long)]
    undo: bool,
    /// The organiser's key.
    #[arg(long, env = "ORGANISER_KEY", hide_env_values = true)]
    organiser_key: String,
    #[command(flatten)]
    server: Server,
}

/// Admits the bearer of a ticket, or says why not.
pub(crate) async fn run(arguments: CheckInArguments) -> anyhow::Result<()> {
    let CheckInArguments { event_id, code, gate, undo, organiser_key, server } = arguments;
    let scan = Scan { event_id, code, gate, undo };
    let answer = server.client()?.check_in(&organiser_key, &scan, &unique()).await?;
    let mut text = answer.result.clone();
    if let Some(ticket) = &answer.ticket {
        text.push_str(&format!(" {} {}", ticket.ticket_id, ticket.unit()));
        if let Some(used_at) = ticket.used_at {
            text.push_str(&format!(" used {used_at}"));
        }
        if let Some(gate) = &ticket.used_gate {
            text.push_str(&format!(" at {gate}"));
        }
    }
    server.print(&answer, text)
}
