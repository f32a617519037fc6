//! Mail APIs, in the two formats that most of them speak: a letter becomes one request.
//!
//! Both take a letter once under its key. One remembers keys for a day, the other for 15 minutes,
//! so whatever is tried again is tried again sooner.

use bytes::Bytes;
use http::{HeaderName, Method, Request, StatusCode, header};
use serde_json::json;

use crate::worker::letter::Letter;

/// How a mail API wants its letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MailFormat {
    /// As Resend: `POST /emails` with `Idempotency-Key`.
    Resend,
    /// As Brevo: `POST /smtp/email` with the key within the letter.
    Brevo,
}

impl MailFormat {
    /// Reads the word of the variable.
    fn parse(word: &str) -> Option<Self> {
        match word {
            "resend" => Some(Self::Resend),
            "brevo" => Some(Self::Brevo),
            _ => None,
        }
    }
}

/// A mail API as it is set up.
#[derive(Clone)]
pub struct MailApi {
    base: String,
    key: String,
    /// A mailbox, or `Name <mailbox>`.
    from: String,
    format: MailFormat,
}

/// The variables of a mail API do not fit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMailApi {
    /// No such format.
    #[error("mail_api_format must be resend or brevo")]
    Format,
    /// No key for the API.
    #[error("mail_api_key is missing")]
    Key,
    /// No sender.
    #[error("mail_from must be a mailbox, or `Name <mailbox>`")]
    From,
}

impl MailApi {
    /// A mail API at `base`, which `format` says how to talk to.
    ///
    /// # Errors
    ///
    /// [`InvalidMailApi`], when something is missing.
    pub fn new(base: &str, key: &str, from: &str, format: &str) -> Result<Self, InvalidMailApi> {
        let format = MailFormat::parse(format).ok_or(InvalidMailApi::Format)?;
        if key.is_empty() {
            return Err(InvalidMailApi::Key);
        }
        let (_, mailbox) = sender(from);
        if !mailbox.contains('@') || mailbox.contains(['<', '>', ' ']) {
            return Err(InvalidMailApi::From);
        }
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { base, key: key.to_owned(), from: from.to_owned(), format })
    }

    /// The request that hands a letter over: the same for the same letter. Nothing when the address
    /// or the key of the API cannot be written.
    pub(crate) fn request(&self, letter: &Letter) -> Option<Request<Bytes>> {
        let Letter { id, to, subject, text, html } = letter;
        let request = Request::builder()
            .method(Method::POST)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json");
        let (request, body) = match self.format {
            MailFormat::Resend => {
                let body = json!({
                    "from": self.from, "to": [to], "subject": subject, "text": text, "html": html,
                });
                let request = request
                    .uri(format!("{}/emails", self.base))
                    .header(header::AUTHORIZATION, format!("Bearer {}", self.key))
                    // mutant: letters-have-no-key
                    .header(HeaderName::from_static("idempotency-key"), id);
                (request, body)
            }
            MailFormat::Brevo => {
                let (name, mailbox) = sender(&self.from);
                let mut from = json!({ "email": mailbox });
                if let (Some(name), Some(members)) = (name, from.as_object_mut()) {
                    members.insert("name".to_owned(), json!(name));
                }
                let body = json!({
                    "sender": from, "to": [{ "email": to }], "subject": subject,
                    "textContent": text, "htmlContent": html,
                    "headers": { "idempotencyKey": id },
                });
                let request = request
                    .uri(format!("{}/smtp/email", self.base))
                    .header(HeaderName::from_static("api-key"), &self.key);
                (request, body)
            }
        };
        request.body(Bytes::from(body.to_string())).ok()
    }
}

/// Whether the API refuses this very letter for good. Anything else may pass, or an operator may
/// mend it: a wrong key, a limit, a fault of theirs.
pub(crate) fn is_definitive(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY
    )
}

/// Name and mailbox of a sender.
fn sender(from: &str) -> (Option<&str>, &str) {
    let named = from.trim().strip_suffix('>').and_then(|it| it.split_once('<'));
    named.map_or((None, from.trim()), |(name, mailbox)| (Some(name.trim()), mailbox.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter {
            id: "letter_confirmed_bk_1".to_owned(),
            to: "fan@example.com".to_owned(),
            subject: "Your tickets".to_owned(),
            text: "Hello".to_owned(),
            html: "<p>Hello</p>".to_owned(),
        }
    }

    fn sent(format: &str) -> (Request<Bytes>, serde_json::Value) {
        let api = MailApi::new("https://mail.test/v3/", "k", "Box <box@example.com>", format);
        let request = api.unwrap().request(&letter()).unwrap();
        let body = serde_json::from_slice(request.body()).unwrap();
        (request, body)
    }

    #[test]
    fn a_letter_is_written_in_the_format_of_the_api() {
        let (request, body) = sent("resend");
        assert_eq!(request.uri(), "https://mail.test/v3/emails");
        assert_eq!(request.headers()["authorization"], "Bearer k");
        assert_eq!(request.headers()["idempotency-key"], "letter_confirmed_bk_1");
        let expected = json!({ "from": "Box <box@example.com>", "to": ["fan@example.com"],
            "subject": "Your tickets", "text": "Hello", "html": "<p>Hello</p>" });
        assert_eq!(body, expected);

        let (request, body) = sent("brevo");
        assert_eq!(request.uri(), "https://mail.test/v3/smtp/email");
        assert_eq!(request.headers()["api-key"], "k");
        let expected = json!({ "sender": { "name": "Box", "email": "box@example.com" },
            "to": [{ "email": "fan@example.com" }], "subject": "Your tickets",
            "textContent": "Hello", "htmlContent": "<p>Hello</p>",
            "headers": { "idempotencyKey": "letter_confirmed_bk_1" } });
        assert_eq!(body, expected);
    }

    #[test]
    fn an_api_that_is_half_set_up_is_none() {
        let error = |key, from, format| MailApi::new("http://x", key, from, format).err();
        assert_eq!(error("k", "box@example.com", "resend"), None);
        assert_eq!(error("k", "box@example.com", ""), Some(InvalidMailApi::Format));
        assert_eq!(error("", "box@example.com", "brevo"), Some(InvalidMailApi::Key));
        for from in ["", "Box", "Box <box>", "Box <box@example.com", "box@example.com>"] {
            assert_eq!(error("k", from, "brevo"), Some(InvalidMailApi::From), "{from}");
        }
    }
}
