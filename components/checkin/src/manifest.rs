//! `GET /api/v1/checkin/{event_id}/manifest`: what a scanner needs to judge tickets without a
//! connection: the public keys, and which tickets are cancelled.

use domain::code::Code;
use domain::id::EventId;
use domain::ticket::TicketId;
use domain::token::PublicKey;
use guest::{Call, Problem, Reply, auth, postgres, variables};
use http::header;
use ledger::Manifest;
use serde::Serialize;
use service::door::DoorRight;

#[derive(Serialize)]
struct ManifestView {
    event_id: EventId,
    version: i64,
    keys: Vec<PublicKey>,
    cancelled: Vec<TicketId>,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    auth::door(&call, DoorRight::Read).await?;
    let event_id = call.event_id()?;
    let found = ledger::checkin_manifest(&postgres::database().await?, event_id).await?;
    let Manifest { version, cancelled } = found.ok_or_else(|| Problem::of(Code::EventNotFound))?;
    let keys = variables::verifying_keys().await?;
    // A strong tag: the version decides the list, and keys may be rolled besides.
    let parts = [event_id.to_string(), version.to_string(), keys.to_string()];
    let etag = format!("\"{}\"", guest::etag(parts.each_ref().map(String::as_bytes)));
    if call.has_answer(&etag) {
        return Ok(Reply::not_modified().with_header(header::ETAG, &etag));
    }
    let view = ManifestView { event_id, version, keys: keys.public_keys(), cancelled };
    Ok(Reply::ok(&view)?.with_header(header::ETAG, &etag))
}
