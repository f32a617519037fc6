//! What all pages of the door have in common.

use askama::Template;
use domain::code::Code;
use guest::language::Language;
use guest::{Call, Problem, Reply, html};
use http::{StatusCode, header};

use super::words::Words;

/// The texts of a page that answers `call`.
pub(super) fn words(call: &Call) -> Words {
    Words(Language::of(call))
}

/// The page as a reply.
pub(super) fn reply(status: StatusCode, page: &impl Template) -> Reply {
    match page.render() {
        Ok(text) => html::page(status, text),
        // Writing to memory does not fail.
        Err(_) => Reply::text(StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", ""),
    }
}

/// Sends the browser to another page, which it asks for anew.
pub(super) fn see_other(path: &str) -> Reply {
    Reply::text(StatusCode::SEE_OTHER, "text/html; charset=utf-8", "")
        .with_header(header::LOCATION, path)
        .with_header(header::CACHE_CONTROL, "no-store")
}

#[derive(Template)]
#[template(path = "door_failure.html")]
struct FailurePage {
    words: Words,
    title: String,
    script: bool,
    detail: &'static str,
}

/// The answer to a page: what was made, or in words why it could not be.
#[expect(clippy::unnecessary_wraps, reason = "what a route answers with")]
pub(super) fn told(call: &Call, result: Result<Reply, Problem>) -> Result<Reply, Problem> {
    let problem = match result {
        Ok(reply) => return Ok(reply),
        Err(problem) => problem,
    };
    problem.log(&call.request_id);
    let words = words(call);
    let detail = match problem.code {
        Code::Forbidden => words.forged(),
        Code::RateLimited => words.too_fast(),
        Code::EventNotFound => words.no_event(),
        Code::ValidationFailed | Code::UnsupportedMediaType => words.bad_form(),
        _ => words.unavailable(),
    };
    let page = FailurePage { words, title: words.failed().to_owned(), script: false, detail };
    let status = StatusCode::from_u16(problem.code.status());
    let reply = reply(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &page);
    Ok(match problem.retries_after_s() {
        Some(seconds) => reply.with_header(header::RETRY_AFTER, &seconds.to_string()),
        None => reply,
    })
}
