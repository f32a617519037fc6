//! `GET /accessibility` and `GET /privacy`.

use askama::Template;
use guest::{Call, Problem, Reply};
use http::StatusCode;

use crate::frame::{self, Frame};

#[derive(Template)]
#[template(path = "about.html")]
struct About {
    frame: Frame,
    paragraphs: Vec<String>,
}

pub(crate) async fn accessibility(call: Call) -> Result<Reply, Problem> {
    Ok(about(&call, "accessibility", 5))
}

pub(crate) async fn privacy(call: Call) -> Result<Reply, Problem> {
    Ok(about(&call, "privacy", 5))
}

/// A page of so many paragraphs, whose messages are numbered.
fn about(call: &Call, topic: &str, paragraphs: u32) -> Reply {
    let frame = Frame::new(call, "");
    let frame = Frame { title: frame.say(&format!("{topic}-title")), ..frame };
    let ids = (1..=paragraphs).map(|number| format!("{topic}-{number}"));
    let page = About { paragraphs: ids.map(|id| frame.say(&id)).collect(), frame };
    frame::reply(call, StatusCode::OK, &page)
}
