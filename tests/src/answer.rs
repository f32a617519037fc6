//! A reply, and what holds for every reply.

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::contract;

/// A reply that has been read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Method and path of the request.
    pub what: String,
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value; `None` when it is missing.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a header of visible ASCII"))
    }

    /// The media type without its parameters; empty when there is none.
    pub fn media_type(&self) -> &str {
        let media_type = self.header("content-type").unwrap_or_default();
        media_type.split(';').next().unwrap_or_default()
    }

    /// The body as JSON; null when there is none.
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{self}: the body is not JSON: {error}"))
    }

    /// The body, once the status is the expected one.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self}");
        self.json()
    }

    /// The problem, once status and code are the expected ones.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) -> Value {
        let problem = self.json();
        assert_eq!((self.status, problem["code"].as_str()), (status, Some(code)), "{self}");
        problem
    }

    /// Whether this is a repetition of an earlier answer.
    pub fn is_replayed(&self) -> bool {
        self.header("idempotent-replayed") == Some("true")
    }

    /// Checks what the contract promises of every reply that is not a stream.
    #[track_caller]
    pub(crate) fn check_form(&self, is_head: bool) {
        let request_id = self.header("x-request-id").unwrap_or_default();
        assert!(!request_id.is_empty(), "{self}: no X-Request-Id");
        let kept = self.header("cache-control").unwrap_or_default();
        let is_open_to_all = kept.starts_with("public, max-age=");
        assert!(kept == "no-store" || is_open_to_all, "{self}: Cache-Control {kept:?}");
        let varies = self.headers.get_all("vary").iter().any(|it| it == "Origin");
        assert!(varies, "{self}: not Vary: Origin");
        let bodiless = matches!(self.status, 204 | 304);
        let length: Option<usize> =
            self.header("content-length").map(|length| length.parse().expect("a length"));
        let is_csv = self.media_type() == "text/csv";
        // A stream has no length.
        let is_events = self.media_type() == "text/event-stream";
        let is_streamed = (is_csv || is_events) && length.is_none();
        match (bodiless, is_head) {
            _ if is_streamed => {}
            (true, _) => assert!(self.body.is_empty(), "{self}: a body"),
            (false, true) => assert!(length.is_some(), "{self}: no Content-Length"),
            (false, false) => assert_eq!(length, Some(self.body.len()), "{self}: Content-Length"),
        }
        if bodiless || is_head {
            return;
        }
        let is_problem = self.header("content-type") == Some("application/problem+json");
        let is_of_interface = [
            "/api/",
            "/internal/",
            "/webhooks/",
            "/.well-known/",
            "/health",
            "/metrics",
            "/openapi",
        ]
        .iter()
        .any(|path| self.what.contains(&format!(" {path}")));
        if !is_of_interface && !is_problem {
            return self.check_page();
        }
        let expected_type = match self.status {
            ..400 if is_csv => "text/csv; charset=utf-8; header=present",
            ..400 if self.what.ends_with(" /metrics") => "text/plain; version=0.0.4; charset=utf-8",
            ..400 if self.what.contains("/tickets") => self.form_of_ticket(),
            ..400 => "application/json",
            _ => "application/problem+json",
        };
        assert_eq!(self.header("content-type"), Some(expected_type), "{self}");
        if self.status >= 400 {
            self.check_problem(request_id);
        }
        self.check_contract();
    }

    /// The media type of a ticket's form, if it is one.
    fn form_of_ticket(&self) -> &'static str {
        let given = self.header("content-type").unwrap_or_default();
        let forms = ["image/svg+xml", "application/pdf", "text/calendar; charset=utf-8"];
        forms.into_iter().find(|form| *form == given).unwrap_or("application/json")
    }

    /// What holds for everything that a browser shows.
    #[track_caller]
    fn check_page(&self) {
        let path = self.what.split('?').next().unwrap_or_default();
        let expected_type = match path.rsplit_once('.') {
            Some((_, "js")) => "text/javascript; charset=utf-8",
            Some((_, "css")) => "text/css; charset=utf-8",
            Some((_, "pdf" | "svg" | "ics")) => self.form_of_ticket(),
            _ => "text/html; charset=utf-8",
        };
        assert_eq!(self.header("content-type"), Some(expected_type), "{self}");
        if expected_type.contains("html") {
            assert_eq!(self.header("cache-control"), Some("no-store"), "{self}");
        }
        if expected_type.contains("html") && self.status != 303 {
            let policy = self.header("content-security-policy").unwrap_or_default();
            assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{self}");
            assert!(!policy.contains("unsafe"), "{self}");
            let page = self.page();
            assert!(page.starts_with("<!doctype html><html lang=\""), "{self}");
            assert_eq!(page.matches("<h1>").count(), 1, "{self}");
            // Scripts and styles are files of ours.
            assert!(!page.contains(" style=") && !page.contains("<style"), "{self}");
            assert!(page.matches("<script").count() <= 1, "{self}");
            let scripts = page.matches("<script src=\"/assets/").count();
            assert_eq!(page.matches("<script").count(), scripts, "{self}");
            // But for the way to the payment provider, no address of somebody else.
            if !self.what.ends_with("/pay") {
                let page = page.replace("http://www.w3.org/2000/svg", "");
                assert!(!page.contains("//"), "{self}: an address of somebody else");
            }
        }
        self.check_contract();
    }

    /// The body as text.
    pub fn page(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    /// What openapi.yaml says about the route.
    #[track_caller]
    fn check_contract(&self) {
        let Some(document) = contract::known() else { return };
        let (method, path) = self.what.split_once(' ').unwrap_or_default();
        let is_json = self.header("content-type").is_some_and(|it| it.contains("json"));
        let body = if is_json { self.json() } else { Value::from("text") };
        let media_type = self.media_type();
        let complaint = contract::complaint(document, method, path, self.status, media_type, &body);
        assert_eq!(complaint, None, "{self}");
    }

    /// RFC 9457, and the members the contract adds.
    #[track_caller]
    fn check_problem(&self, request_id: &str) {
        let problem = self.json();
        for member in ["type", "title", "detail", "code"] {
            let is_told = problem[member].as_str().is_some_and(|text| !text.is_empty());
            assert!(is_told, "{self}: no {member}");
        }
        assert_eq!(problem["status"], self.status, "{self}");
        assert_eq!(problem["request_id"], request_id, "{self}");
        let retryable = problem["retryable"].as_bool().expect("`retryable` is a boolean");
        let retry_after = self.header("retry-after").map(|text| text.parse::<u32>());
        assert_eq!(retryable, retry_after.is_some_and(|seconds| seconds.is_ok()), "{self}");
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        let body: String = body.chars().take(600).collect();
        write!(formatter, "{} -> {} {body}", self.what, self.status)
    }
}
