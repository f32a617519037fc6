//! `GET /lookup` and its form: a letter with the bookings of a mailbox, for those who lost their
//! browser. The answer is the same for every mailbox.

use askama::Template;
use domain::code::Code;
use guest::{Call, Problem, Reply, lookup};
use http::StatusCode;

use crate::frame::{self, Frame};
use crate::language::Language;
use crate::session::{self, FormSeal};

#[derive(Template)]
#[template(path = "lookup.html")]
struct LookupPage {
    frame: Frame,
    seal: FormSeal,
    /// What was wrong with the form.
    problem: Option<String>,
    /// What was typed.
    email: String,
    is_sent: bool,
}

pub(crate) async fn show(call: Call) -> Result<Reply, Problem> {
    frame::told(&call, page(&call, StatusCode::OK, None, String::new(), false).await)
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    frame::told(&call, request(&call).await)
}

async fn request(call: &Call) -> Result<Reply, Problem> {
    guest::session::sender(call).await?;
    let email = call.form_field("email")?.unwrap_or_default().trim().to_owned();
    let language = Language::of(call);
    match lookup::request(call, Some(email.clone()), Some(language.tag().to_owned())).await {
        Ok(()) => page(call, StatusCode::OK, None, email, true).await,
        Err(problem) if problem.code == Code::ValidationFailed => {
            let words = Frame::new(call, "").words;
            let told = Some(words.say("lookup-no-mailbox"));
            page(call, StatusCode::UNPROCESSABLE_ENTITY, told, email, false).await
        }
        Err(problem) => Err(problem),
    }
}

async fn page(
    call: &Call,
    status: StatusCode,
    problem: Option<String>,
    email: String,
    is_sent: bool,
) -> Result<Reply, Problem> {
    let visitor = match session::known(call).await? {
        Some(visitor) => visitor,
        None => session::new(call).await?,
    };
    let frame = Frame::new(call, "");
    let frame = Frame { title: frame.say("lookup-title"), ..frame };
    let page = LookupPage { seal: visitor.seal(), problem, email, is_sent, frame };
    Ok(visitor.remember(frame::reply(call, status, &page), call))
}
