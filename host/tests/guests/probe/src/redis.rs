//! Calls on Redis.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use spin_sdk::redis::{Connection, Error, RedisParameter, RedisResult};

use crate::shown;

thread_local! {
    /// Kept over requests, as real components do.
    static KEPT: RefCell<Option<Rc<Connection>>> = const { RefCell::new(None) };
}

/// `{"address": …, "kept": false, "calls": [["execute", "SET", "key", "value"]]}`
pub async fn calls(request: Value) -> Result<Value> {
    let address = request["address"].as_str().context("no address")?;
    let kept = request["kept"].as_bool().unwrap_or(false);
    let connection = match open(address, kept).await {
        Ok(connection) => connection,
        Err(error) => return Ok(json!([{ "open": format!("{error:?}") }])),
    };
    let mut answers = Vec::new();
    for words in request["calls"].as_array().context("no calls")? {
        let words = words.as_array().context("a call is an array")?;
        answers.push(call(&connection, words).await?);
    }
    Ok(json!(answers))
}

async fn open(address: &str, kept: bool) -> Result<Rc<Connection>, Error> {
    if kept && let Some(connection) = KEPT.with_borrow(Option::clone) {
        return Ok(connection);
    }
    let connection = Rc::new(Connection::open(address).await?);
    if kept {
        KEPT.set(Some(Rc::clone(&connection)));
    }
    Ok(connection)
}

async fn call(connection: &Connection, words: &[Value]) -> Result<Value> {
    let text = |n: usize| words.get(n).and_then(Value::as_str).context("expected a string");
    let texts = |n: usize| -> Result<Vec<String>> {
        (n..words.len()).map(|n| Ok(text(n)?.to_owned())).collect()
    };
    Ok(match text(0)? {
        "publish" => shown(connection.publish(text(1)?, text(2)?).await),
        "get" => shown(connection.get(text(1)?).await.map(|v| v.map(|v| lossy(&v)))),
        "set" => shown(connection.set(text(1)?, text(2)?).await),
        "incr" => shown(connection.incr(text(1)?).await),
        "del" => shown(connection.del(texts(1)?).await),
        "sadd" => shown(connection.sadd(text(1)?, texts(2)?).await),
        "smembers" => shown(connection.smembers(text(1)?).await),
        "srem" => shown(connection.srem(text(1)?, texts(2)?).await),
        "execute" => {
            let arguments = words.iter().skip(2).map(|word| match word.as_i64() {
                Some(number) => RedisParameter::Int64(number),
                None => RedisParameter::Binary(word.as_str().unwrap_or("").into()),
            });
            let reply = connection.execute(text(1)?, arguments.collect::<Vec<_>>()).await;
            match reply {
                Ok(values) => json!(values.iter().map(flat).collect::<Vec<_>>()),
                Err(error) => json!({ "error": format!("{error:?}") }),
            }
        }
        other => bail!("no such call: {other}"),
    })
}

fn flat(value: &RedisResult) -> String {
    match value {
        RedisResult::Nil => "nil".to_owned(),
        RedisResult::Status(text) => format!("+{text}"),
        RedisResult::Int64(number) => format!(":{number}"),
        RedisResult::Binary(bytes) => format!("${}", lossy(bytes)),
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// `<ms>/<key>`: sleeps, and sets the key. Tells in the log that it has begun.
pub async fn set_after(rest: &str) -> Result<Value> {
    let (ms, key) = rest.split_once('/').context("expected ms/key")?;
    println!("sets {key} in {ms} ms");
    spin_sdk::time::sleep(Duration::from_millis(ms.parse()?)).await;
    let connection = Connection::open(spin_sdk::variables::get("redis").await?).await?;
    connection.set(key, "set").await?;
    Ok(json!(key))
}

/// The same after the response.
pub fn set_in_background(rest: &str) -> Value {
    let rest = rest.to_owned();
    spin_sdk::wasip3::spawn(async move {
        if let Err(error) = set_after(&rest).await {
            eprintln!("background: {error}");
        }
    });
    json!("begun")
}
