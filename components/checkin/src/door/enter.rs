//! `POST /door`: signs in with the organiser's key, or out.

use askama::Template;
use domain::code::Code;
use domain::rate::RouteClass;
use guest::{Call, Problem, Reply, auth, limit};
use http::StatusCode;

use super::page;
use super::session;
use super::words::Words;

#[derive(Template)]
#[template(path = "door_enter.html")]
struct EnterPage {
    words: Words,
    title: String,
    script: bool,
    is_wrong: bool,
}

/// The page on which one signs in.
pub(super) fn page(call: &Call, status: StatusCode, is_wrong: bool) -> Reply {
    let words = page::words(call);
    let title = words.door().to_owned();
    page::reply(status, &EnterPage { words, title, script: false, is_wrong })
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    page::told(&call, enter(&call).await)
}

async fn enter(call: &Call) -> Result<Reply, Problem> {
    // There is no session yet that could seal the form.
    if call.is_cross_site() {
        return Err(Problem::of(Code::Forbidden));
    }
    if call.form_field("leave")?.is_some() {
        return Ok(session::end(page::see_other("/door"), call));
    }
    limit::address(call, RouteClass::SignIn).await?;
    let key = call.form_field("key")?.unwrap_or_default();
    if auth::is_organiser_key(key.trim()).await? {
        session::begin(page::see_other("/door"), call).await
    } else {
        Ok(page(call, StatusCode::UNAUTHORIZED, true))
    }
}
