//! A browser without JavaScript.

use std::collections::BTreeMap;

use reqwest::Method;
use tests::{Answer, BoxOffice, Request};

/// A browser that keeps cookies, follows redirects and submits forms, and runs no script.
pub(crate) struct Browser {
    office: BoxOffice,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) fn new(office: &BoxOffice) -> Self {
        Self { office: office.clone(), cookies: BTreeMap::new() }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> Request {
        let request = self.office.request(method, path);
        let cookies: Vec<_> = self.cookies.iter().map(|(key, it)| format!("{key}={it}")).collect();
        request.header("cookie", cookies.join("; "))
    }

    pub(crate) async fn show(&mut self, event: &str) -> Answer {
        let answer = self.look(event).await;
        self.keep(&answer);
        answer
    }

    /// Any page of ours.
    pub(crate) async fn open(&mut self, path: &str) -> Answer {
        let answer = self.request(Method::GET, path).send().await;
        self.keep(&answer);
        answer
    }

    /// Fills in and sends the form of the page that leads to `action`.
    pub(crate) async fn send(
        &mut self,
        page: &Answer,
        action: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let hidden = hidden_fields(page.page(), action);
        let mut pairs: Vec<String> =
            hidden.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.extend(fields.iter().map(|(name, value)| format!("{name}={value}")));
        let request = self.request(Method::POST, action);
        let form = request.body("application/x-www-form-urlencoded", pairs.join("&"));
        let answer = form.send().await;
        self.keep(&answer);
        answer
    }

    /// As [`Self::show`], in a window that keeps no cookies.
    pub(crate) async fn look(&self, event: &str) -> Answer {
        self.request(Method::GET, &format!("/waiting-room/{event}")).send().await
    }

    /// Submits the form of the page, as far as there is one.
    pub(crate) async fn submit(&mut self, page: &Answer) -> Answer {
        let (_, form) = self.form(page);
        let answer = form.send().await;
        self.keep(&answer);
        answer
    }

    /// The form of the page with its hidden fields, not sent yet, and the event it is for.
    pub(crate) fn form(&self, page: &Answer) -> (String, Request) {
        let form = between(page.page(), "<form method=\"post\" action=\"", "</form>");
        let (path, fields) = form.and_then(|it| it.split_once('"')).expect("a form");
        let hidden = fields.split("<input type=\"hidden\" name=\"").skip(1);
        let value = |field: &str| field.split('"').nth(2).expect("a value").to_owned();
        let pairs: Vec<_> =
            hidden.map(|it| format!("{}={}", it.split('"').next().unwrap(), value(it))).collect();
        let event = path.rsplit('/').next().unwrap().to_owned();
        let request = self.request(Method::POST, path);
        (event, request.body("application/x-www-form-urlencoded", pairs.join("&")))
    }

    pub(crate) fn send_form(&self, path: &str) -> Request {
        self.request(Method::POST, path).body("application/x-www-form-urlencoded", "")
    }

    /// Joins, and follows the redirect.
    pub(crate) async fn join(&mut self, event: &str) -> Answer {
        let page = self.show(event).await;
        let joined = self.submit(&page).await;
        assert_eq!(joined.status, 303, "{joined}");
        let path = format!("/waiting-room/{event}");
        assert_eq!(joined.header("location"), Some(path.as_str()), "{joined}");
        self.show(event).await
    }

    /// Remembers the cookies of an answer: a session for all pages, a receipt for its waiting room.
    pub(crate) fn keep(&mut self, answer: &Answer) {
        for value in answer.headers.get_all("set-cookie") {
            let value = value.to_str().expect("ASCII");
            let (name, content) =
                value.split(';').next().unwrap().split_once('=').expect("a cookie");
            let (path, ttl_s) = match name {
                "boxoffice_session" => ("Path=/;", 90 * 86_400),
                "boxoffice_receipt" => ("Path=/waiting-room/", 90 * 86_400),
                "boxoffice_door" if content.is_empty() => ("Path=/;", 0),
                "boxoffice_door" => ("Path=/;", 12 * 3_600),
                _ => ("Path=/;", 365 * 86_400),
            };
            let max_age = format!("Max-Age={ttl_s}");
            let is_strict = name == "boxoffice_door";
            let same_site = if is_strict { "SameSite=Strict" } else { "SameSite=Lax" };
            for attribute in ["HttpOnly", same_site, &max_age, path] {
                assert!(value.contains(attribute), "{value}");
            }
            self.cookies.insert(name.to_owned(), content.to_owned());
        }
    }

    pub(crate) fn token(&self) -> &str {
        &self.cookies["boxoffice_session"]
    }
}

pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

/// The hidden fields of the form that leads to `action`.
pub(crate) fn hidden_fields(page: &str, action: &str) -> Vec<(String, String)> {
    let before = format!("action=\"{action}\"");
    let form = between(page, &before, "</form>").unwrap_or_else(|| panic!("no {action}: {page}"));
    let fields = form.split("<input type=\"hidden\" name=\"").skip(1);
    fields
        .map(|field| {
            let parts: Vec<_> = field.split('"').collect();
            (parts[0].to_owned(), parts[2].to_owned())
        })
        .collect()
}
