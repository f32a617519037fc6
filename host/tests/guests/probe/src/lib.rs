//! Does what a test asks for and returns what it saw: one path for each thing the host offers.
//!
//! It also has a cron trigger, so it shows that one component may have both.

mod cron;
mod instance;
mod outside;
mod postgres;
mod redis;
mod streams;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};
use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::http::{BoxBody, FullBody, IntoResponse, Request, box_body};
use spin_sdk::http_service;

#[http_service]
async fn answer(request: Request) -> Result<impl IntoResponse> {
    let path = request.uri().path().to_owned();
    let (name, rest) = path.trim_start_matches('/').split_once('/').unwrap_or((&path[1..], ""));
    match name {
        "echo" => return Ok(streams::echo(request)),
        "ticks" => return Ok(streams::ticks(rest.parse()?)),
        _ => {}
    }
    let answer = match name {
        "request" => shape(&request),
        "variable" => json!(shown(spin_sdk::variables::get(rest).await)),
        "redis" => redis::calls(body(request).await?).await?,
        "postgres" => postgres::statements(body(request).await?).await?,
        "fetch" => outside::fetch(body(request).await?).await?,
        "environment" => json!(std::env::var(rest).ok()),
        "file" => json!(std::fs::read_to_string(format!("/{rest}")).map_err(|e| e.to_string())),
        "write" => json!(std::fs::write(format!("/{rest}"), "x").map_err(|e| e.to_string())),
        "print" => outside::print(rest),
        "count" => instance::count(),
        "sleep" => instance::sleep(rest.parse()?).await,
        "slow-set" => redis::set_after(rest).await?,
        "background" => redis::set_in_background(rest),
        "leak-memory" => instance::allocate(rest.parse()?),
        "trap" => std::process::abort(),
        "loop" => instance::never_yields(),
        "fail" => bail!("this text stays inside"),
        _ => bail!("no such path: {path}"),
    };
    json_response(&answer)
}

/// What the host made of the request.
fn shape(request: &Request) -> Value {
    let headers: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    json!({
        "method": request.method().as_str(),
        "uri": request.uri().to_string(),
        "headers": headers,
    })
}

async fn body(request: Request) -> Result<Value> {
    let bytes = request.into_body().bytes().await.context("cannot read the body")?;
    Ok(serde_json::from_slice(&bytes)?)
}

fn json_response(value: &Value) -> Result<Response<BoxBody>> {
    let bytes = Bytes::from(value.to_string());
    let length = bytes.len();
    let body = box_body(FullBody::new(bytes));
    Ok(Response::builder().header("content-length", length).body(body)?)
}

/// The outcome of a call as the test compares it.
fn shown<T: std::fmt::Debug, E: std::fmt::Debug>(outcome: Result<T, E>) -> Value {
    match outcome {
        Ok(value) => json!({ "ok": format!("{value:?}") }),
        Err(error) => json!({ "error": format!("{error:?}") }),
    }
}
