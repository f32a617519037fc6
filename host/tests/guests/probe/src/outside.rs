//! Outbound HTTP and printing.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use spin_sdk::http::body::IncomingBodyExt;

/// GETs a URL.
pub async fn fetch(url: Value) -> Result<Value> {
    let url = url.as_str().context("expected a URL")?;
    let response = match spin_sdk::http::get(url).await {
        Ok(response) => response,
        Err(error) => return Ok(json!({ "error": format!("{error:?}") })),
    };
    let status = response.status().as_u16();
    let body = response.into_body().bytes().await?;
    Ok(json!({ "status": status, "body": String::from_utf8_lossy(&body) }))
}

/// Prints to both streams, the last line without an end.
pub fn print(text: &str) -> Value {
    println!("out {text}\nsecond line");
    eprint!("err {text}");
    json!(text)
}
