//! `GET /auth/link?token=…` and `POST /auth/link`: the link of a letter signs this browser in.
//!
//! The link shows a button, and the button signs in: programs that look at letters follow links,
//! and must not use them up.

use askama::Template;
use domain::code::Code;
use guest::sign_in::{self, Shown};
use guest::{Call, Problem, Reply};
use http::StatusCode;

use crate::frame::{self, Frame};
use crate::session::{self, FormSeal, Visitor};

#[derive(Template)]
#[template(path = "link.html")]
struct LinkPage {
    frame: Frame,
    token: String,
    seal: FormSeal,
    /// Whether the button was pressed, and the link is not good any more.
    has_failed: bool,
}

pub(crate) async fn show(call: Call) -> Result<Reply, Problem> {
    let token = call.query("token").unwrap_or_default().into_owned();
    frame::told(&call, page(&call, token, false).await)
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    frame::told(&call, open(&call).await)
}

async fn page(call: &Call, token: String, has_failed: bool) -> Result<Reply, Problem> {
    let visitor = match session::known(call).await? {
        Some(visitor) => visitor,
        None => session::new(call).await?,
    };
    let frame = Frame::new(call, "");
    let frame = Frame { title: frame.say("link-title"), ..frame };
    let page = LinkPage { frame, token, seal: visitor.seal(), has_failed };
    let status = if has_failed { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    Ok(visitor.remember(frame::reply(call, status, &page), call))
}

async fn open(call: &Call) -> Result<Reply, Problem> {
    let (guest, _) = guest::session::sender(call).await?;
    let token = call.form_field("token")?.unwrap_or_default();
    match sign_in::redeem(call, &Shown::Link(token), Some(guest)).await {
        Ok(account) => {
            let visitor = Visitor::becoming(account.user_id).await?;
            Ok(visitor.remember(frame::see_other("/bookings"), call))
        }
        Err(problem) if problem.code == Code::CodeInvalid => page(call, String::new(), true).await,
        Err(problem) => Err(problem),
    }
}
