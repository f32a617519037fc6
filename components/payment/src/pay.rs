//! `POST /bookings/{booking_id}/pay`: the form that leads to the provider's page.
//!
//! A page of its own leads there: a form may only lead to us, so that an injected one reaches
//! nobody else, and a redirect is part of what a form does.

use domain::rate::RouteClass;
use guest::html::{self, escaped};
use guest::language::Language;
use guest::{Call, Problem, Reply, contact, limit, session};
use http::{StatusCode, header};

use crate::checkout::page_for;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    // As text, for the way back: what is no id leads to a page that says so.
    let booking = call.path_parameter("booking_id").to_owned();
    match pay(&call).await {
        Ok(reply) => Ok(reply),
        Err(problem) => {
            problem.log(&call.request_id);
            let code = problem.code.as_str();
            let safe = booking.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let path =
                if safe { format!("/bookings/{booking}?problem={code}") } else { "/".into() };
            Ok(Reply::text(StatusCode::SEE_OTHER, "text/html; charset=utf-8", "")
                .with_header(header::LOCATION, &path)
                .with_header(header::CACHE_CONTROL, "no-store"))
        }
    }
}

async fn pay(call: &Call) -> Result<Reply, Problem> {
    let booking = call.booking_id()?;
    let (user, _) = session::sender(call).await?;
    limit::user(call, RouteClass::Pay, &user.to_string()).await?;
    let (url, _) = page_for(call, user, booking, &contact::of_form(call)?).await?;
    let language = Language::of(call);
    let (title, link) = match language {
        Language::English => ("To the payment", "Go on to the page of the payment provider"),
        Language::German => ("Zur Bezahlung", "Weiter zur Seite des Zahlungsdienstes"),
    };
    let (tag, url) = (language.tag(), escaped(&url));
    Ok(html::page(
        StatusCode::OK,
        format!(
            "<!doctype html><html lang=\"{tag}\"><head><meta charset=\"utf-8\">\
             <title>{title}</title>\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta http-equiv=\"refresh\" content=\"0; url={url}\"></head>\
             <body><main><h1>{title}</h1><p><a href=\"{url}\">{link}</a></p></main></body></html>\n"
        ),
    ))
}
