//! `GET /api/v1/events/{event_id}/audit`: Redis and Postgres compared, nothing mended.

use domain::code::Code;
use guest::{Call, Problem, Reply, auth, stores};
use sale::{AuditMode, AuditReport, Difference};
use serde_json::{Value, json};

/// Differences that a reply shows: an event that is wrong all over has one for each seat.
const DIFFERENCES_SHOWN_MAX: usize = 100;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    auth::organiser(&call).await?;
    let event = call.event_id()?;
    let stores = stores::open().await?;
    let report = sale::audit_event(&stores, event, AuditMode::ReadOnly)
        .await?
        .ok_or_else(|| Problem::of(Code::EventNotFound))?;
    Reply::ok(&describe(&report))
}

fn describe(report: &AuditReport) -> Value {
    let (redis, mended) = (report.redis, report.totals.found);
    let shown = report.differences.iter().take(DIFFERENCES_SHOWN_MAX).map(difference);
    json!({
        "event_id": report.event,
        "generation": report.generation,
        "capacity": report.capacity,
        "redis": {
            "available": redis.available,
            "held": redis.held,
            "sold": redis.sold,
        },
        "postgres": { "held": report.postgres_held, "sold": report.postgres_sold },
        "double_holds": report.totals.double_holds,
        "repaired": {
            "audits": report.totals.audits,
            "differences": mended.differences,
            "places": mended.places,
            "counts": mended.counts,
            "buyers": mended.buyers,
            "holds": mended.holds,
            "rebuilds": report.totals.rebuilds,
        },
        "differences": shown.collect::<Vec<_>>(),
        "consistent": report.differences.is_empty(),
    })
}

fn difference(difference: &Difference) -> Value {
    json!({ "kind": difference.kind(), "detail": difference.to_string() })
}
