//! Bodies that are not there at once.

use std::time::Duration;

use futures_util::SinkExt;
use http::Response;
use spin_sdk::http::body::stream;
use spin_sdk::http::{BoxBody, Request, box_body};

/// Gives the body back as it comes.
pub fn echo(request: Request) -> Response<BoxBody> {
    Response::new(box_body(request.into_body()))
}

/// A line each 50 ms, until the client is gone or `count` is reached. Tells its end in the log.
pub fn ticks(count: u64) -> Response<BoxBody> {
    let (mut sender, body) = stream::<String>();
    spin_sdk::wasip3::spawn(async move {
        for tick in 0..count {
            if sender.send(format!("tick {tick}\n")).await.is_err() {
                println!("client gone");
                return;
            }
            spin_sdk::time::sleep(Duration::from_millis(50)).await;
        }
    });
    Response::new(box_body(body))
}
