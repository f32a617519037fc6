//! What Postgres says.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;
use tokio_postgres::{Client, NoTls};

/// The rows of each table, as JSON objects.
pub type Tables = BTreeMap<String, Vec<Value>>;

/// Tables that checkers read. One that does not exist is empty.
const TABLES: [&str; 8] =
    ["tickets", "bookings", "sections", "provider_events", "payments", "sagas", "outbox", "events"];

/// Runs a statement that returns nothing of interest.
pub async fn execute(url: &str, statement: &str) -> Result<()> {
    connect(url).await?.batch_execute(statement).await.context("a statement of the harness")
}

/// Reads every table, in one snapshot.
pub async fn read(url: &str) -> Result<Tables> {
    let client = connect(url).await?;
    client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let mut tables = Tables::new();
    for table in TABLES {
        let known = client
            .query_one("SELECT to_regclass($1) IS NOT NULL", &[&format!("boxoffice.{table}")])
            .await?;
        let mut rows = Vec::new();
        if known.get(0) {
            let statement = format!("SELECT row_to_json(t)::text FROM boxoffice.{table} AS t");
            for row in client.query(&statement, &[]).await? {
                rows.push(serde_json::from_str(row.get(0))?);
            }
        }
        tables.insert(table.to_owned(), rows);
    }
    Ok(tables)
}

pub(crate) async fn connect(url: &str) -> Result<Client> {
    let (client, connection) =
        tokio_postgres::connect(url, NoTls).await.context("Postgres cannot be reached")?;
    // It ends with the client; its error reaches the query that waits for it.
    tokio::spawn(connection);
    Ok(client)
}
