//! `GET /bookings?key=…` and `POST /bookings`: the link of a letter opens the bookings of a guest
//! in this browser.
//!
//! The link shows a button, and the button opens: programs that look at letters follow links, and
//! must not become anybody. The form carries the token of a page for this browser, so that no other
//! site makes a browser somebody else.

use askama::Template;
use domain::code::Code;
use domain::token::BookingsKey;
use guest::{Call, Problem, Reply, clock, variables};
use http::StatusCode;

use crate::frame::{self, Frame};
use crate::session::{self, FormSeal, Visitor};

#[derive(Template)]
#[template(path = "open.html")]
struct OpenPage {
    frame: Frame,
    key: String,
    seal: FormSeal,
    /// Whether the browser shows the bookings of another guest now.
    is_another: bool,
}

/// The page with the button. A link that has ended leads to the page where another is asked for.
pub(super) async fn page(call: &Call, key: &str) -> Result<Reply, Problem> {
    let opened = match read(key).await {
        Ok(opened) => opened,
        Err(problem) if problem.code == Code::BookingNotFound => {
            return Ok(frame::see_other("/lookup"));
        }
        Err(problem) => return Err(problem),
    };
    let visitor = match session::known(call).await? {
        Some(visitor) => visitor,
        None => session::new(call).await?,
    };
    let frame = Frame::new(call, "");
    let page = OpenPage {
        key: key.to_owned(),
        seal: visitor.seal(),
        is_another: visitor.user != opened.user,
        frame: Frame { title: frame.say("open-title"), ..frame },
    };
    // mutant: a-link-opens-without-its-button
    Ok(visitor.remember(frame::reply(call, StatusCode::OK, &page), call))
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    frame::told(&call, open(&call).await)
}

async fn open(call: &Call) -> Result<Reply, Problem> {
    guest::session::sender(call).await?;
    let key = call.form_field("key")?.unwrap_or_default();
    let BookingsKey { user, booking, .. } = read(&key).await?;
    let visitor = Visitor::becoming(user).await?;
    let path = match booking {
        Some(booking) => format!("/bookings/{booking}/tickets"),
        None => "/bookings".to_owned(),
    };
    Ok(visitor.remember(frame::see_other(&path), call))
}

async fn read(key: &str) -> Result<BookingsKey, Problem> {
    let keys = variables::verifying_keys().await?;
    BookingsKey::verify(&keys, key, clock::now()).map_err(|_| Problem::of(Code::BookingNotFound))
}
