//! Plays a mail API: takes letters, and shows them to people.
//!
//! `POST /mail/emails` is one of the formats of mail APIs, `POST /mail/smtp/email` the other. A
//! letter is taken once under its key; another one under the same key is refused. `/letters` is a
//! page with what was taken, for newcomers, `GET /_control/letters` the same for tests, and
//! `PUT /_control/mail` says what goes wrong.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Response, StatusCode};
use http_body_util::Full;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::checkout::{escaped, html};
use crate::reply::Reply;
use crate::server::{Cut, Shared};
use crate::state::new_id;

/// A letter that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenLetter {
    /// What the API calls it.
    pub id: String,
    /// The key under which it was taken.
    pub key: String,
    /// Who sent it.
    pub from: String,
    /// The mailbox.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// How often it was handed over: once, and once more for each answer that was lost.
    pub deliveries: u32,
}

/// What goes wrong with letters from now on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailFaults {
    /// So many calls are answered with 503, and nothing is taken.
    pub unavailable: u32,
    /// So many calls get no answer, and their letters are taken.
    pub unanswered: u32,
    /// Letters to this mailbox are refused for good.
    pub refused_mailbox: Option<String>,
}

/// Answers a call of the API at `path`, behind `/mail`.
pub(crate) fn take(
    shared: &Arc<Shared>,
    head: &Parts,
    path: &str,
    body: &str,
) -> Result<Reply, Cut> {
    let mut state = shared.state();
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let letter = match (head.method.as_str(), path) {
        ("POST", "/emails") => {
            let shown = header(&head.headers, "authorization");
            read(&body, Format::Resend, header(&head.headers, "idempotency-key"))
                .filter(|_| shown == format!("Bearer {}", state.api_key))
                .ok_or(shown)
        }
        ("POST", "/smtp/email") => {
            let shown = header(&head.headers, "api-key");
            let key = text(&body["headers"]["idempotencyKey"]);
            read(&body, Format::Brevo, key).filter(|_| shown == state.api_key).ok_or(shown)
        }
        _ => return Ok(Reply::missing("mail route")),
    };
    let letter = match letter {
        Ok(letter) => letter,
        Err(shown) if !shown.ends_with(&state.api_key) => {
            return Ok(Reply::error(401, "unauthorized", "", "The key is not valid"));
        }
        Err(_) => return Ok(Reply::error(422, "validation_error", "", "The letter is not whole")),
    };
    if state.mail_faults.unavailable > 0 {
        state.mail_faults.unavailable -= 1;
        return Ok(Reply::error(503, "api_error", "", "Try again"));
    }
    if state.mail_faults.refused_mailbox.as_ref() == Some(&letter.to) {
        return Ok(Reply::error(422, "validation_error", "", "There is no such mailbox"));
    }
    let known = state.letters.iter_mut().find(|known| known.key == letter.key);
    let id = match known {
        Some(known) => {
            let same = TakenLetter { id: known.id.clone(), deliveries: known.deliveries, ..letter };
            if *known != same {
                let message = "Another letter was sent under this key";
                return Ok(Reply::error(409, "invalid_idempotent_request", "", message));
            }
            known.deliveries += 1;
            known.id.clone()
        }
        None => {
            let id = letter.id.clone();
            state.letters.push(letter);
            id
        }
    };
    if state.mail_faults.unanswered > 0 {
        state.mail_faults.unanswered -= 1;
        return Err(Cut);
    }
    Ok(Reply::ok(json!({ "id": id, "messageId": id })))
}

/// A page with all letters, newest first; or one letter as its reader sees it.
pub(crate) fn page(shared: &Arc<Shared>, method: &Method, id: &str) -> Response<Full<Bytes>> {
    let state = shared.state();
    if *method != Method::GET {
        return html(StatusCode::METHOD_NOT_ALLOWED, "Letters are read.");
    }
    if id.is_empty() {
        let item = |letter: &TakenLetter| {
            format!(
                "<li><a href=\"/letters/{}\">{}</a> to {}</li>",
                escaped(&letter.id),
                escaped(&letter.subject),
                escaped(&letter.to)
            )
        };
        let items: String = state.letters.iter().rev().map(item).collect();
        return html(StatusCode::OK, &format!("<h2>Letters</h2><ul>{items}</ul>"));
    }
    let Some(letter) = state.letters.iter().find(|letter| letter.id == id) else {
        return html(StatusCode::NOT_FOUND, "There is no such letter.");
    };
    let content = letter.html.split_once("<body>").and_then(|(_, it)| it.split_once("</body>"));
    let content = content.map_or(letter.html.as_str(), |(content, _)| content);
    html(
        StatusCode::OK,
        &format!(
            "<p><a href=\"/letters\">All letters</a></p><p>From {} to {}</p><h2>{}</h2>{content}\
             <h2>As text</h2><pre>{}</pre>",
            escaped(&letter.from),
            escaped(&letter.to),
            escaped(&letter.subject),
            escaped(&letter.text)
        ),
    )
}

#[derive(Clone, Copy)]
enum Format {
    Resend,
    Brevo,
}

/// A whole letter; nothing when a part of it is missing.
fn read(body: &Value, format: Format, key: String) -> Option<TakenLetter> {
    let (from, to, text_name, html_name) = match format {
        Format::Resend => (text(&body["from"]), text(&body["to"][0]), "text", "html"),
        Format::Brevo => {
            let sender = &body["sender"];
            let from = format!("{} <{}>", text(&sender["name"]), text(&sender["email"]));
            (from, text(&body["to"][0]["email"]), "textContent", "htmlContent")
        }
    };
    let letter = TakenLetter {
        id: new_id("letter"),
        key,
        from,
        to,
        subject: text(&body["subject"]),
        text: text(&body[text_name]),
        html: text(&body[html_name]),
        deliveries: 1,
    };
    let parts = [&letter.key, &letter.from, &letter.subject, &letter.text, &letter.html];
    let is_whole = letter.to.contains('@') && parts.iter().all(|part| !part.is_empty());
    is_whole.then_some(letter)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn header(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}
