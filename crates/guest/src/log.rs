//! One JSON line per event on standard error, where Spin and the project's host collect it.
//!
//! A line reads alone: what happened, to which request, why. Never tokens, keys, headers, bodies or
//! anything about a person.

use std::io::Write as _;

use domain::code::Code;
use serde_json::json;

/// A request that failed for a reason an operator should know.
pub fn failed_request(request_id: &str, code: Code, cause: &str) {
    let line = json!({
        "level": if code.status() >= 500 { "error" } else { "warn" },
        "message": "request failed",
        "request_id": request_id,
        "code": code.as_str(),
        "cause": cause,
    });
    write_line(&line);
}

/// A background job that failed; it runs again at the next tick.
pub fn failed_job(job: &str, subject: &str, cause: &str) {
    let line = json!({
        "level": "error",
        "message": "job failed",
        "job": job,
        "subject": subject,
        "cause": cause,
    });
    write_line(&line);
}

/// A job that a request has no time for; the worker does it, as it is meant to.
pub fn left_to_worker(job: &str, subject: &str) {
    let line = json!({
        "level": "info",
        "message": "left to the worker",
        "job": job,
        "subject": subject,
    });
    write_line(&line);
}

/// A line that cannot be written is lost; `eprintln!` would panic, and a panic ends every request
/// of the instance.
fn write_line(line: &serde_json::Value) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
