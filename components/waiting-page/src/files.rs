//! `GET /waiting-room/script.js` and `…/style.css`: what pages use where they can.

use guest::{Call, Problem, Reply, html};

pub(crate) async fn script(_: Call) -> Result<Reply, Problem> {
    Ok(html::file("text/javascript; charset=utf-8", include_str!("script.js")))
}

pub(crate) async fn style(_: Call) -> Result<Reply, Problem> {
    Ok(html::file("text/css; charset=utf-8", include_str!("style.css")))
}
