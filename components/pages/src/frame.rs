//! What all pages have in common: the document around them, and the page for what failed.

use askama::Template;
use domain::code::Code;
use guest::language::COOKIE as LANGUAGE_COOKIE;
use guest::{Call, Problem, Reply, html, session};
use http::{StatusCode, header};

use crate::language::{Language, Words};
use crate::site::files::href;

/// How soon a page that failed for the moment looks again, in seconds: longer than a program would,
/// since everybody's page fails together.
const LOOK_AGAIN_MIN_S: i64 = 5;
/// A language that was chosen is kept for a year.
const LANGUAGE_TTL_S: i64 = 365 * 24 * 60 * 60;

/// What the document around a page says.
pub(crate) struct Frame {
    /// The texts of its language.
    pub(crate) words: Words,
    /// What the window is called.
    pub(crate) title: String,
    /// The same page in the other languages.
    pub(crate) languages: Vec<LanguageLink>,
    pub(crate) style: String,
    /// The script of the page.
    pub(crate) script: Option<String>,
    /// After how many seconds the page looks again. Browsers without JavaScript do so by
    /// themselves, the script of the page when nothing better tells it.
    pub(crate) refresh_s: Option<i64>,
    /// Where the page leads at once.
    pub(crate) leads_to: Option<String>,
}

/// The page in another language.
pub(crate) struct LanguageLink {
    pub(crate) tag: &'static str,
    pub(crate) name: &'static str,
    pub(crate) href: String,
}

impl Frame {
    /// The frame of a page that answers `call`.
    pub(crate) fn new(call: &Call, title: impl Into<String>) -> Self {
        let language = Language::of(call);
        // What a form has been sent to may not be a page.
        let is_page = call.method == http::Method::GET;
        let others = Language::ALL.into_iter().filter(|other| is_page && *other != language);
        let path = call.uri.path();
        let languages = others.map(|other| LanguageLink {
            tag: other.tag(),
            name: other.name(),
            href: format!("{path}?lang={}{}{}", other.tag(), section_query(call), key_query(call)),
        });
        Self {
            words: Words(language),
            title: title.into(),
            languages: languages.collect(),
            style: href("style.css"),
            script: None,
            refresh_s: None,
            leads_to: None,
        }
    }

    /// The same with a script.
    pub(crate) fn with_script(self, file: &'static str) -> Self {
        Self { script: Some(href(file)), ..self }
    }

    /// The same, looking again after so many seconds.
    pub(crate) fn refreshed(self, refresh_s: Option<i64>) -> Self {
        Self { refresh_s, ..self }
    }

    /// A text of its language.
    pub(crate) fn say(&self, id: &str) -> String {
        self.words.say(id)
    }
}

/// A page in another language is of the same section.
fn section_query(call: &Call) -> String {
    let name = call.query("section");
    let name = name.and_then(|name| name.parse::<domain::section::SectionName>().ok());
    name.map_or_else(String::new, |name| format!("&section={name}"))
}

/// A page in another language is about the same link of a letter.
fn key_query(call: &Call) -> String {
    let is_sign = |sign: char| sign.is_ascii_alphanumeric() || "-_.".contains(sign);
    let key = call.query("key").filter(|key| key.chars().all(is_sign));
    key.map_or_else(String::new, |key| format!("&key={key}"))
}

/// The page as a reply. A language that the request chooses is remembered.
pub(crate) fn reply(call: &Call, status: StatusCode, page: &impl Template) -> Reply {
    let Ok(text) = page.render() else {
        // Writing to memory does not fail.
        return Reply::text(StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", "");
    };
    let reply = html::page(status, text);
    match Language::chosen(call) {
        Some(chosen) => {
            session::with_cookie(reply, call, LANGUAGE_COOKIE, chosen.tag(), "/", LANGUAGE_TTL_S)
        }
        None => reply,
    }
}

/// Sends the browser to another page, which it asks for anew: a refresh does not send a form again.
pub(crate) fn see_other(path: &str) -> Reply {
    Reply::text(StatusCode::SEE_OTHER, "text/html; charset=utf-8", "")
        .with_header(header::LOCATION, path)
        .with_header(header::CACHE_CONTROL, "no-store")
}

#[derive(Template)]
#[template(path = "failure.html")]
struct Failure {
    frame: Frame,
    heading: String,
    detail: String,
    /// Whether the page looks again by itself.
    looks_again: bool,
    /// The one way on.
    way_on: Option<WayOn>,
}

/// A link to what can be done instead.
pub(crate) struct WayOn {
    pub(crate) href: String,
    pub(crate) label: String,
}

/// The answer to a page: what was made, or in words why it could not be.
#[expect(clippy::unnecessary_wraps, reason = "what a route answers with")]
pub(crate) fn told(call: &Call, result: Result<Reply, Problem>) -> Result<Reply, Problem> {
    Ok(result.unwrap_or_else(|problem| failure(call, &problem)))
}

/// What could not be done, and when it is tried again.
pub(crate) fn failure(call: &Call, problem: &Problem) -> Reply {
    problem.log(&call.request_id);
    let again_s = problem.retries_after_s().filter(|_| call.method == http::Method::GET);
    let frame = Frame::new(call, "");
    let heading = frame.say(&message_of(problem.code));
    let refresh_s = again_s.map(|seconds| seconds.max(LOOK_AGAIN_MIN_S));
    let frame = Frame { title: heading.clone(), ..frame }.refreshed(refresh_s);
    let frame = if refresh_s.is_some() { frame.with_script("refresh.js") } else { frame };
    let (href, label) = way_on(call, problem.code);
    let page = Failure {
        detail: frame.say(&format!("{}-detail", message_of(problem.code))),
        way_on: Some(WayOn { href, label: frame.say(label) }),
        looks_again: refresh_s.is_some(),
        heading,
        frame,
    };
    let status = StatusCode::from_u16(problem.code.status());
    let reply = reply(call, status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &page);
    match problem.retries_after_s() {
        Some(seconds) => reply.with_header(header::RETRY_AFTER, &seconds.to_string()),
        None => reply,
    }
}

/// Where a page leads that could not do what was asked.
fn way_on(call: &Call, code: Code) -> (String, &'static str) {
    let event = call.event_id().ok().or_else(|| Some(call.booking_id().ok()?.event()));
    match (code, event) {
        (
            Code::QueuePassRequired
            | Code::QueuePassExpired
            | Code::QueuePassInvalid
            | Code::QueuePassUsed,
            Some(event),
        ) => (format!("/waiting-room/{event}"), "way-to-waiting-room"),
        (Code::EventNotFound | Code::NotFound, _) | (_, None) => ("/".to_owned(), "way-home"),
        (_, Some(event)) => (format!("/events/{event}"), "way-to-event"),
    }
}

/// The message that tells of a code to people. What no page meets by what a person does has one
/// message together.
pub(crate) fn message_of(code: Code) -> String {
    let word = match code {
        Code::NotFound
        | Code::EventNotFound
        | Code::BookingNotFound
        | Code::EventNotOnSale
        | Code::JoiningStopped
        | Code::QueuePassRequired
        | Code::QueuePassExpired
        | Code::QueuePassInvalid
        | Code::QueuePassUsed
        | Code::InvalidSeats
        | Code::BuyerLimitExceeded
        | Code::AmountTooHigh
        | Code::SeatUnavailable
        | Code::NotEnoughSeats
        | Code::SoldOut
        | Code::BookingExpired
        | Code::AlreadyConfirmed
        | Code::AlreadyReleased
        | Code::AlreadyExtended
        | Code::PaymentRequired
        | Code::PaymentRefused
        | Code::TicketNotFound
        | Code::TicketCancelled
        | Code::RateLimited
        | Code::Forbidden => code.as_str(),
        Code::UnsupportedMediaType | Code::MalformedRequest | Code::ValidationFailed => "form",
        _ if code.retryable() => "unavailable",
        _ => "other",
    };
    format!("problem-{}", word.replace('_', "-"))
}
