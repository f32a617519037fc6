//! Promise 24: each request ends within 5 s; in doubt it refuses and says when to come again.

use std::time::Duration;

use super::Finding;
use super::calls::{Refused, Told};
use super::evidence::{Evidence, at};

/// As promised.
const PROMISE: Duration = Duration::from_secs(5);
/// What the way from and to this client may add where two processors also run the stores, the
/// application, the load and the checks.
const BUSY_MARGIN: Duration = Duration::from_secs(2);
/// Calls that do not end at the application.
const NOT_OURS: [&str; 2] = ["probe_freed", "provider"];
/// Faults in which the application itself ends: its connections end with it.
const KILLS: [&str; 4] = ["kill", "confirm-kills", "admit-kills", "paused-worker"];
/// A connection that was open when the application ended may notice a moment later.
const AFTERMATH_US: u64 = 1_000_000;

/// Promise 24.
pub(crate) fn in_time(evidence: &Evidence) -> Finding {
    let limit_us = u64::try_from((PROMISE + BUSY_MARGIN).as_micros()).unwrap_or(u64::MAX);
    let calls: Vec<_> =
        evidence.calls.iter().filter(|call| !NOT_OURS.contains(&call.op.as_str())).collect();
    let (mut violations, mut slowest_us, mut refused) = (Vec::new(), 0, 0);
    for call in &calls {
        let what = format!("{} ({}) at {}", call.op, call.index, at(call.begun_us));
        let from_us = call.begun_us.saturating_sub(AFTERMATH_US);
        let killed = evidence.had_fault(&KILLS, from_us, call.end_us());
        let Some(ended_us) = call.ended_us else {
            // The run was over before it was: nobody waited for it.
            continue;
        };
        let took_us = ended_us - call.begun_us;
        slowest_us = slowest_us.max(took_us);
        if took_us > limit_us {
            violations.push(format!("{what} took {} ms", took_us / 1_000));
        }
        let Told::Refused(Refused { code, retry_after, error, .. }) = &call.told else { continue };
        match call.status {
            503 => {
                refused += 1;
                if !retry_after {
                    violations.push(format!("{what}: 503 without Retry-After"));
                }
            }
            0 if !killed => violations.push(format!("{what}: {error:?}")),
            500..600 if !killed => {
                let code = code.as_deref().unwrap_or("without a code");
                violations.push(format!("{what}: {} {code}", call.status));
            }
            _ => {}
        }
    }
    let detail = format!(
        "{} calls, {refused} refused with 503, the slowest took {} ms; the limit is {} s and {} s \
         for a machine with two busy processors",
        calls.len(),
        slowest_us / 1_000,
        PROMISE.as_secs(),
        BUSY_MARGIN.as_secs()
    );
    Finding::new(24, "each request ends within 5 s", !calls.is_empty(), detail, violations)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Verdict;
    use super::super::evidence::tests::{call, window};
    use super::*;

    #[test]
    fn what_is_late_or_unexplained_breaks_it() {
        let of = |span_ms, status, reply| {
            let request = json!({ "event": "e1", "user": "u" });
            let calls = vec![call("leave", request, span_ms, status, reply)];
            Evidence { calls, ..Evidence::default() }
        };
        let refused = of((1, 5_001), 503, json!({ "retry_after": true }));
        assert_eq!(in_time(&refused).verdict, Verdict::Kept);
        for broken in [
            of((1, 8_000), 200, json!({})),
            of((1, 5), 503, json!({})),
            of((1, 5), 500, json!({ "code": "internal_error" })),
            of((1, 5), 0, json!({ "error": "closed" })),
        ] {
            assert_eq!(in_time(&broken).verdict, Verdict::Broken);
        }
        let mut killed = of((1, 5), 0, json!({ "error": "closed" }));
        killed.windows.push(window("kill-app", (0, 2), false));
        assert_eq!(in_time(&killed).verdict, Verdict::Kept);
    }
}
