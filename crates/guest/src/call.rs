//! One request as an operation sees it.

use std::borrow::Cow;

use axum::extract::RawPathParams;
use bytes::Bytes;
use domain::code::Code;
use domain::id::{BookingId, EventId};
use domain::ticket::TicketId;
use http::{HeaderMap, Method, Uri, header};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::json::{self, Null};
use crate::problem::Problem;

/// The most entries of a page.
const PAGE_LIMIT_MAX: u32 = 100;
/// The entries of a page when the client does not say.
const PAGE_LIMIT_DEFAULT: u32 = 20;
/// The longest idempotency key, in bytes.
const IDEMPOTENCY_KEY_LENGTH_MAX: usize = 255;

/// A request whose body has been read within its limit.
#[derive(Debug)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub uri: Uri,
    /// The headers, as the client sent them.
    pub headers: HeaderMap,
    /// The raw body: what a signature is computed over.
    pub body: Bytes,
    /// Names the request in replies and logs.
    pub request_id: String,
    pub(crate) path_parameters: Vec<(String, String)>,
}

impl Call {
    pub(crate) fn new(
        parameters: &RawPathParams,
        parts: http::request::Parts,
        body: Bytes,
        request_id: String,
    ) -> Self {
        // Postgres has no such character: a name with it is the name of nothing.
        let text = |value: &str| if has_nul(value) { String::new() } else { value.to_owned() };
        let path_parameters =
            parameters.iter().map(|(name, value)| (name.to_owned(), text(value))).collect();
        let http::request::Parts { method, uri, headers, .. } = parts;
        Self { method, uri, headers, body, request_id, path_parameters }
    }

    /// 422 when the query of a route of the API has U+0000 in it, however it is written. Pages read
    /// no query. What a path or a body says is looked at where it is read.
    pub(crate) fn check_query(&self) -> Result<(), Problem> {
        let query = self.uri.query().unwrap_or_default();
        let is_of_api = self.uri.path().starts_with("/api/");
        if is_of_api && (query.contains("%00") || has_nul(query)) {
            return Err(without_nul("the query"));
        }
        Ok(())
    }

    /// A parameter of the path, decoded; empty when the route has none of this name, and when
    /// U+0000 is in it.
    pub fn path_parameter(&self, name: &str) -> &str {
        let mut parameters = self.path_parameters.iter();
        parameters.find(|(other, _)| other == name).map_or("", |(_, value)| value)
    }

    /// The event in the path, `{event_id}`.
    ///
    /// # Errors
    ///
    /// 404 when it is not an event id: no such event can exist.
    pub fn event_id(&self) -> Result<EventId, Problem> {
        self.path_parameter("event_id").parse().map_err(|_| Problem::of(Code::EventNotFound))
    }

    /// The booking in the path, `{booking_id}`.
    ///
    /// # Errors
    ///
    /// 404 when it is not a booking id: no such booking can exist.
    pub fn booking_id(&self) -> Result<BookingId, Problem> {
        self.path_parameter("booking_id").parse().map_err(|_| Problem::of(Code::BookingNotFound))
    }

    /// The ticket in the path, `{ticket_id}`, without an ending such as `.pdf`.
    ///
    /// # Errors
    ///
    /// 404 when it is not a ticket id: no such ticket can exist.
    pub fn ticket_id(&self) -> Result<TicketId, Problem> {
        let name = self.path_parameter("ticket_id");
        let id = name.split_once('.').map_or(name, |(id, _)| id);
        id.parse().map_err(|_| Problem::of(Code::TicketNotFound))
    }

    /// Which of the media types in `offered` the client likes best (RFC 9110, section 12.5.1); the
    /// first where it does not say, says it twice alike, or likes none: an answer that it did not
    /// expect helps more than none.
    pub fn preferred<'a>(&self, offered: &[&'a str]) -> &'a str {
        let lines = self.headers.get_all(header::ACCEPT).iter();
        let lines: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
        let mut best = (offered.first().copied().unwrap_or_default(), 0);
        for media_type in offered {
            let weight = accepted_weight(&lines, media_type);
            if weight > best.1 {
                best = (media_type, weight);
            }
        }
        best.0
    }

    /// The value of a query parameter; the first one counts. Names and values are decoded as forms
    /// are (WHATWG URL, section 5.1), as browsers and clients encode them: `%31` is `1`, `+` is a
    /// space.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut pairs = form_urlencoded::parse(self.uri.query()?.as_bytes());
        pairs.find(|(other, _)| other == name).map(|(_, value)| value)
    }

    /// The `limit` of a page, 1 to 100.
    ///
    /// # Errors
    ///
    /// 422 when it is not such a number.
    pub fn page_limit(&self) -> Result<u32, Problem> {
        match self.query("limit").map(|it| u32::try_from(whole_number(&it)?).ok()) {
            None => Ok(PAGE_LIMIT_DEFAULT),
            Some(Some(limit)) if (1..=PAGE_LIMIT_MAX).contains(&limit) => Ok(limit),
            Some(_) => Err(invalid_field("limit", "must be 1 to 100")),
        }
    }

    /// The value of a cookie; the first of a name counts, which is the one of the narrowest path
    /// (RFC 6265, section 5.4).
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let headers = self.headers.get_all(header::COOKIE).iter();
        let mut pairs = headers.filter_map(|it| it.to_str().ok()).flat_map(|it| it.split(';'));
        pairs.find_map(|pair| match pair.trim().split_once('=') {
            Some((other, value)) if other == name => Some(value),
            _ => None,
        })
    }

    /// The value of a field of a form in the body; the first one counts.
    ///
    /// # Errors
    ///
    /// 415 when the body is no form.
    pub fn form_field(&self, name: &str) -> Result<Option<String>, Problem> {
        self.expect_media_type("application/x-www-form-urlencoded")?;
        if form_urlencoded::parse(&self.body).any(|(name, value)| has_nul(&name) || has_nul(&value))
        {
            return Err(without_nul("the form"));
        }
        let mut fields = form_urlencoded::parse(&self.body);
        Ok(fields.find(|(other, _)| other == name).map(|(_, value)| value.into_owned()))
    }

    /// All values of a field of a form in the body.
    ///
    /// # Errors
    ///
    /// As [`Call::form_field`].
    pub fn form_fields(&self, name: &str) -> Result<Vec<String>, Problem> {
        self.form_field(name)?;
        let fields = form_urlencoded::parse(&self.body).filter(|(other, _)| other == name);
        Ok(fields.map(|(_, value)| value.into_owned()).collect())
    }

    /// Whether a page of another site makes this request. Browsers say where a request comes from
    /// that changes something, older ones by `Origin` alone; what says nothing is no browser, and
    /// has no cookies but its own.
    pub fn is_cross_site(&self) -> bool {
        if let Some(site) = self.headers.get("sec-fetch-site") {
            // mutant: other-sites-may-join
            return site != "same-origin" && site != "none";
        }
        let Some(origin) = self.headers.get(header::ORIGIN) else { return false };
        let from = origin.to_str().ok().and_then(|it| it.split_once("://")).map(|(_, host)| host);
        let authority = self.uri.authority().map(http::uri::Authority::as_str);
        from.is_none() || from != self.header(header::HOST).or(authority)
    }

    /// A header that occurs once and is visible ASCII. Those that decide something and come twice
    /// have been refused before, see [`SINGLE_HEADERS`].
    pub fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether the client says that it has the answer with this tag already (RFC 9110, section
    /// 13.1.2: weak comparison, so `W/` does not count).
    pub fn has_answer(&self, etag: &str) -> bool {
        let opaque = etag.strip_prefix("W/").unwrap_or(etag);
        self.has_answer_like(|known| known == opaque)
    }

    /// Whether the client says that it has any answer (`*`), or one whose opaque tag, with its
    /// quotation marks, is like that.
    pub fn has_answer_like(&self, is_like: impl Fn(&str) -> bool) -> bool {
        let lines = self.headers.get_all(header::IF_NONE_MATCH).iter();
        let mut lines = lines.filter_map(|line| line.to_str().ok());
        lines.any(|line| line.trim() == "*" || opaque_tags(line).into_iter().any(&is_like))
    }

    /// Whether the client would rather have `media_type` than JSON (RFC 9110, section 12.5.1): it
    /// accepts both, and this with more weight, or this alone. Whoever does not say gets JSON.
    pub fn rather_accepts(&self, media_type: &str) -> bool {
        self.preferred(&["application/json", media_type]) == media_type
    }

    /// Checks the media type of the body, and that it is sent as it is.
    fn expect_media_type(&self, expected: &str) -> Result<(), Problem> {
        let media_type = self.header(header::CONTENT_TYPE).unwrap_or_default();
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        let mut encodings = self.headers.get_all(header::CONTENT_ENCODING).iter();
        let is_plain = encodings.all(|it| it.as_bytes().eq_ignore_ascii_case(b"identity"));
        if !is_plain || !essence.eq_ignore_ascii_case(expected) {
            return Err(Problem::of(Code::UnsupportedMediaType));
        }
        Ok(())
    }

    /// The body as JSON. A null is as good as a member that is left out, where one may be.
    ///
    /// # Errors
    ///
    /// 415 when the content type is not JSON, 400 when the body is not, 422 when it is JSON of
    /// another shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        self.read_json(Null::LeftOut)
    }

    /// The body as JSON that changes something: what is left out stays as it is. A null is refused,
    /// because it might be meant to remove something.
    ///
    /// # Errors
    ///
    /// See [`Call::json`].
    pub fn change<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        self.read_json(Null::Refused)
    }

    fn read_json<T: DeserializeOwned>(&self, null: Null) -> Result<T, Problem> {
        self.expect_media_type("application/json")?;
        let value: Value = serde_json::from_slice(&self.body)
            .map_err(|error| Problem::new(Code::MalformedRequest, format!("not JSON: {error}")))?;
        if !value.is_object() {
            return Err(Problem::new(Code::ValidationFailed, "the body must be a JSON object"));
        }
        if json_has_nul(&value) {
            return Err(without_nul("the body"));
        }
        json::read(value, null).map_err(|error| {
            Problem::new(Code::ValidationFailed, without_value(&error.to_string()))
        })
    }

    /// The idempotency key, if one is given.
    ///
    /// # Errors
    ///
    /// 400 when it is not 1 to 255 visible ASCII characters.
    pub fn idempotency_key(&self) -> Result<Option<&str>, Problem> {
        let Some(value) = self.headers.get("idempotency-key") else { return Ok(None) };
        let visible = value.as_bytes().iter().all(|byte| (0x21..=0x7e).contains(byte));
        let length_fits = (1..=IDEMPOTENCY_KEY_LENGTH_MAX).contains(&value.len());
        match value.to_str() {
            Ok(key) if visible && length_fits => Ok(Some(key)),
            _ => Err(Problem::new(
                Code::MalformedRequest,
                "Idempotency-Key must be 1 to 255 visible ASCII characters",
            )),
        }
    }
}

/// A number of digits alone: Rust would take a plus sign too.
pub fn whole_number(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}

/// The weight of a media type in the lines of `Accept`, in thousandths: that of its most exact
/// range. 0 when none fits it.
fn accepted_weight(lines: &[&str], media_type: &str) -> u32 {
    let kind = media_type.split('/').next().unwrap_or_default();
    let exactness = |range: &str| match range.split_once('/') {
        Some(_) if range.eq_ignore_ascii_case(media_type) => Some(2),
        Some((of, "*")) if of.eq_ignore_ascii_case(kind) => Some(1),
        Some(("*", "*")) => Some(0),
        _ => None,
    };
    let ranges = lines.iter().flat_map(|line| line.split(','));
    let weights = ranges.filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let exactness = exactness(parts.next().unwrap_or_default())?;
        let weight = parts.find_map(|it| it.strip_prefix("q=").or_else(|| it.strip_prefix("Q=")));
        let weight = weight.map_or(Some(1.0), |text| text.parse::<f64>().ok())?;
        // Between 0 and 1000: the cast loses nothing that counts.
        Some((exactness, (weight.clamp(0.0, 1.0) * 1_000.0) as u32))
    });
    weights.max_by_key(|(exactness, _)| *exactness).map_or(0, |(_, weight)| weight)
}

/// The opaque tags of a list of entity tags, with their quotation marks, in which a comma may stand
/// (RFC 9110, section 8.8.3). What is no list of tags ends it.
fn opaque_tags(list: &str) -> Vec<&str> {
    let mut tags = Vec::new();
    let mut rest = list.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let tag = rest.strip_prefix("W/").unwrap_or(rest);
        let Some(inside) = tag.strip_prefix('"') else { break };
        let Some((opaque, after)) =
            inside.find('"').and_then(|end| tag.split_at_checked(end.saturating_add(2)))
        else {
            break;
        };
        tags.push(opaque);
        rest = after.trim_start_matches([' ', '\t', ',']);
    }
    tags
}

fn has_nul(text: &str) -> bool {
    text.contains('\0')
}

/// Whether a text in it, or a name, has U+0000: also in members that nobody reads, because the
/// fingerprint of a request and the log are of all of it.
fn json_has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => has_nul(text),
        Value::Array(items) => items.iter().any(json_has_nul),
        Value::Object(members) => {
            members.iter().any(|(name, value)| has_nul(name) || json_has_nul(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn without_nul(what: &str) -> Problem {
    let detail = format!("{what} must not contain the character U+0000");
    Problem::new(Code::ValidationFailed, detail)
}

/// What serde says is wrong, without the value that it repeats: what somebody sent by mistake, such
/// as the number of a card, must not come back in a reply that others log.
fn without_value(error: &str) -> String {
    let names_only_fields =
        ["missing field", "duplicate field"].iter().any(|it| error.starts_with(it));
    match error.rsplit_once(", expected ") {
        _ if names_only_fields => error.to_owned(),
        Some((_, expected)) => format!("a value is not as expected: {expected}"),
        // Ids of ours; their errors repeat nothing.
        None if error.starts_with("not a valid ") => error.to_owned(),
        None => "a value is not allowed".to_owned(),
    }
}

/// 422 for one field.
pub fn invalid_field(field: &str, problem: &str) -> Problem {
    Problem::new(Code::ValidationFailed, format!("{field} {problem}"))
        .with("errors", json!([{ "field": field, "problem": problem }]))
}

/// 422 for several fields.
pub fn invalid_fields(problems: &[domain::event::FieldProblem]) -> Problem {
    let detail = problems
        .iter()
        .map(|problem| format!("{} {}", problem.field, problem.problem))
        .collect::<Vec<_>>()
        .join("; ");
    Problem::new(Code::ValidationFailed, detail).with("errors", json!(problems))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_not_repeated() {
        for (error, told) in [
            (
                "invalid type: string \"4242424242424242\", expected i64",
                "a value is not as expected: i64",
            ),
            (
                "unknown variant `Jane Doe`, expected `a` or `b`",
                "a value is not as expected: `a` or `b`",
            ),
            ("Jane Doe is no event", "a value is not allowed"),
            ("not a valid event id", "not a valid event id"),
            ("missing field `event_id`", "missing field `event_id`"),
        ] {
            assert_eq!(without_value(error), told);
        }
    }

    #[test]
    fn the_media_type_with_more_weight_is_preferred() {
        for (lines, rather_csv) in [
            (&[][..], false),
            (&["*/*"], false),
            (&["application/json"], false),
            (&["text/csv"], true),
            (&["TEXT/CSV"], true),
            (&["text/*"], true),
            (&["text/html, text/csv"], true),
            (&["text/html", "text/csv;q=0.5"], true),
            (&["text/csv; header=present; q=0.9, application/json;q=0.8"], true),
            (&["text/csv;q=0.8, application/json"], false),
            (&["text/csv, */*;q=0.1"], true),
            (&["text/csv, */*"], false),
            (&["text/csv;q=0"], false),
            (&["text/csv;q=0, text/*"], false),
            (&["text/csv;q=x"], false),
            (&["text/csvx, x/text/csv, ,"], false),
        ] {
            let headers: Vec<_> = lines.iter().map(|line| ("accept", *line)).collect();
            assert_eq!(call(&headers, "").rather_accepts("text/csv"), rather_csv, "{lines:?}");
        }
    }

    #[test]
    fn entity_tags_are_read_from_lists_over_several_lines() {
        let name = "if-none-match";
        for (lines, etag, has_it) in [
            (&["\"a\""][..], "\"a\"", true),
            (&["W/\"a\""], "\"a\"", true),
            (&["\"a\""], "W/\"a\"", true),
            (&["\"b\", W/\"a\""], "\"a\"", true),
            (&["\"b\"", "\"c\" ,\t\"a\""], "\"a\"", true),
            (&["\"b\"", "*"], "\"a\"", true),
            (&["*"], "\"a\"", true),
            (&[", ,\"a\",,"], "\"a\"", true),
            // A comma within quotation marks ends nothing.
            (&["\"b,\"a\""], "\"a\"", false),
            (&["\"x, y\",\"a\""], "\"a\"", true),
            (&["\"b, *\""], "\"a\"", false),
            (&["w/\"a\""], "\"a\"", false),
            (&["W/W/\"a\""], "\"a\"", false),
            (&["a"], "\"a\"", false),
            (&["\"a"], "\"a\"", false),
            (&["\"A\""], "\"a\"", false),
            (&[""], "\"a\"", false),
            (&[], "\"a\"", false),
        ] {
            let headers: Vec<_> = lines.iter().map(|line| (name, *line)).collect();
            assert_eq!(call(&headers, "").has_answer(etag), has_it, "{lines:?} {etag}");
        }
    }

    #[test]
    fn a_client_gets_the_form_that_it_likes_best() {
        let offered = ["application/json", "image/svg+xml", "application/pdf"];
        for (accept, preferred) in [
            (&[][..], "application/json"),
            (&["*/*"], "application/json"),
            (&["application/pdf"], "application/pdf"),
            (&["Application/PDF"], "application/pdf"),
            (&["image/*"], "image/svg+xml"),
            (&["text/html, image/svg+xml;q=0.9, */*;q=0.8"], "image/svg+xml"),
            (&["text/html,application/xhtml+xml,*/*;q=0.8"], "application/json"),
            (&["application/pdf;q=0.5", "image/svg+xml;q=0.6"], "image/svg+xml"),
            (&["application/json;q=0, */*"], "image/svg+xml"),
            (&["application/pdf;q=x, image/svg+xml; q=0.1"], "image/svg+xml"),
            (&["text/html"], "application/json"),
            (&[";,;"], "application/json"),
        ] {
            let headers: Vec<_> = accept.iter().map(|line| ("accept", *line)).collect();
            assert_eq!(call(&headers, "").preferred(&offered), preferred, "{accept:?}");
        }
    }

    #[test]
    fn queries_are_decoded_as_forms_are() {
        for (query, value) in [
            ("a=1", Some("1")),
            ("a=%31", Some("1")),
            ("%61=1", Some("1")),
            ("b=2&a=x%26y%3dz", Some("x&y=z")),
            ("a=one+two%2B", Some("one two+")),
            ("a=%C3%A9", Some("é")),
            ("a=%ff", Some("\u{fffd}")),
            ("a=%zz%", Some("%zz%")),
            ("a=1&a=2", Some("1")),
            ("a", Some("")),
            ("a=", Some("")),
            ("A=1", None),
            ("aa=1", None),
        ] {
            let call = Call { uri: format!("/x?{query}").parse().unwrap(), ..call(&[], "") };
            assert_eq!(call.query("a").as_deref(), value, "{query}");
        }
    }

    #[test]
    fn a_body_is_taken_as_it_is_and_of_one_media_type() {
        let types = |lines: &[(&'static str, &'static str)]| {
            let result = call(lines, "{}").json::<serde_json::Value>();
            result.map(|_| ()).map_err(|problem| problem.code)
        };
        let json = ("content-type", "Application/JSON ; charset=utf-8");
        assert_eq!(types(&[json]), Ok(()));
        assert_eq!(types(&[json, ("content-encoding", "identity")]), Ok(()));
        let unsupported = Err(Code::UnsupportedMediaType);
        assert_eq!(types(&[]), unsupported);
        assert_eq!(types(&[json, ("content-encoding", "gzip")]), unsupported);
        assert_eq!(types(&[("content-type", "application/json+x")]), unsupported);
    }

    fn call(headers: &[(&'static str, &'static str)], body: &'static str) -> Call {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, http::HeaderValue::from_static(value));
        }
        Call {
            method: Method::POST,
            uri: Uri::from_static("/waiting-room/1"),
            headers: map,
            body: Bytes::from_static(body.as_bytes()),
            request_id: String::new(),
            path_parameters: Vec::new(),
        }
    }

    #[test]
    fn a_page_of_another_site_is_told_from_ours() {
        let host = ("host", "tickets.example");
        for (headers, is_cross_site) in [
            (vec![host], false),
            (vec![host, ("origin", "https://tickets.example")], false),
            (vec![host, ("origin", "https://evil.example")], true),
            (vec![host, ("origin", "https://tickets.example.evil.example")], true),
            (vec![host, ("origin", "null")], true),
            (vec![("origin", "https://tickets.example")], true),
            (vec![host, ("sec-fetch-site", "same-origin")], false),
            (vec![host, ("sec-fetch-site", "none")], false),
            (vec![host, ("sec-fetch-site", "same-site")], true),
            (vec![host, ("sec-fetch-site", "cross-site")], true),
        ] {
            assert_eq!(call(&headers, "").is_cross_site(), is_cross_site, "{headers:?}");
        }
    }

    #[test]
    fn cookies_and_forms_are_read() {
        let form = ("content-type", "application/x-www-form-urlencoded");
        let cookies = ("cookie", "a=1; token=x.y=; token=z");
        let call = call(&[form, cookies, ("cookie", "b=2")], "x=1&proof=a%2Bb%3D+c&proof=d");
        assert_eq!((call.cookie("token"), call.cookie("b")), (Some("x.y="), Some("2")));
        assert_eq!(call.cookie("c"), None);
        assert!(matches!(call.form_field("proof"), Ok(Some(proof)) if proof == "a+b= c"));
        assert!(matches!(call.form_field("y"), Ok(None)));
    }
}
