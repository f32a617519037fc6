//! `GET /assets/{file}`: what pages use where they can.

use std::sync::LazyLock;

use domain::code::Code;
use guest::{Call, Problem, Reply, etag, html};

struct File {
    name: &'static str,
    media_type: &'static str,
    text: &'static str,
}

const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

const FILES: [File; 6] = [
    File { name: "booking.js", media_type: SCRIPT, text: include_str!("../../assets/booking.js") },
    File { name: "door.js", media_type: SCRIPT, text: include_str!("../../assets/door.js") },
    File { name: "refresh.js", media_type: SCRIPT, text: include_str!("../../assets/refresh.js") },
    File { name: "seats.js", media_type: SCRIPT, text: include_str!("../../assets/seats.js") },
    File { name: "style.css", media_type: STYLE, text: include_str!("../../assets/style.css") },
    File {
        name: "waiting-room.js",
        media_type: SCRIPT,
        text: include_str!("../../assets/waiting-room.js"),
    },
];

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let name = call.path_parameter("file");
    let file = FILES.iter().find(|file| file.name == name);
    let file = file.ok_or_else(|| Problem::of(Code::NotFound))?;
    Ok(html::file(file.media_type, file.text))
}

/// The addresses of the files, in their order. Worked out once per instance, not for each page.
static ADDRESSES: LazyLock<[String; FILES.len()]> = LazyLock::new(|| {
    FILES.each_ref().map(|File { name, text, .. }| {
        let digest = etag([text.as_bytes()]);
        format!("/assets/{name}?v={}", digest.get(..8).unwrap_or(&digest))
    })
});

/// The address of a file as pages name it. It changes with the file, so a page never meets a file
/// of another release in a browser's cache.
pub(crate) fn href(name: &'static str) -> String {
    let mut files = FILES.iter().zip(ADDRESSES.iter());
    files.find(|(file, _)| file.name == name).map_or_else(String::new, |(_, href)| href.clone())
}
