//! One JSON line per event on standard error, where Spin and the project's host collect it.
//!
//! A line reads alone: what happened, to which request, why. Never tokens, keys, headers, bodies or
//! anything about a person.

use std::io::Write as _;

use domain::code::Code;
use serde_json::{Value, json};

/// The longest line, in bytes: a host writes so much of standard error in one call (the 4,096 bytes
/// of `blocking-write-and-flush`).
const LINE_LENGTH_MAX: usize = 4_096;

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

/// Writes the line and its end in one call: instances share the stream, and what one writes in two
/// calls is cut by another's line. A line that cannot be written is lost; `eprintln!` would panic,
/// and a panic ends every request of the instance.
fn write_line(line: &Value) {
    let _ = std::io::stderr().write_all(&bytes_of(line));
}

/// The line as it is written. A cause that is too long for one call is cut.
fn bytes_of(line: &Value) -> Vec<u8> {
    let mut line = line.clone();
    let mut bytes = format!("{line}\n").into_bytes();
    while bytes.len() > LINE_LENGTH_MAX {
        let Some(Value::String(cause)) = line.get_mut("cause").filter(|it| it.as_str() != Some(""))
        else {
            break;
        };
        let kept = cause.chars().count() / 2;
        *cause = cause.chars().take(kept).collect();
        bytes = format!("{line}\n").into_bytes();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_write_and_one_piece_of_json() {
        for cause in ["short", "two\nlines", &"x".repeat(10_000), &"\u{1}\u{fffd}".repeat(5_000)] {
            let bytes = bytes_of(&json!({ "message": "job failed", "cause": cause }));
            assert!(bytes.len() <= LINE_LENGTH_MAX, "{}", bytes.len());
            let (end, line) = bytes.split_last().unwrap();
            assert!(*end == b'\n' && !line.contains(&b'\n'));
            let read: Value = serde_json::from_slice(line).unwrap();
            assert!(cause.starts_with(read["cause"].as_str().unwrap()), "{read}");
        }
        let whole = bytes_of(&json!({ "cause": "whole" }));
        assert_eq!(whole, b"{\"cause\":\"whole\"}\n");
    }
}
