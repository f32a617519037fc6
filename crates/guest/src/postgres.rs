//! Postgres through Spin.
//!
//! Spin's pool hands connections out for one guest at a time and does not roll back, so a
//! connection is taken for one statement, given back at once, and no statement ever opens a
//! transaction.

use ledger::{Database, DatabaseError, Value};
use spin_sdk::pg::{Connection, DbValue, Error, ParameterValue, PgError, QueryError};

use crate::clock::{POSTGRES_DEADLINE, within};
use crate::problem::Problem;
use crate::variables;

/// The database that the variables name.
///
/// # Errors
///
/// 503 when none is named.
pub async fn database() -> Result<SpinDatabase, Problem> {
    let url = variables::text("database_url").await?;
    if url.is_empty() {
        return Err(Problem::not_configured("variable database_url is empty"));
    }
    Ok(SpinDatabase { url })
}

/// Single statements through Spin's Postgres interface, each with a deadline.
pub struct SpinDatabase {
    url: String,
}

impl Database for SpinDatabase {
    async fn query(
        &self,
        statement: &str,
        parameters: Vec<Value>,
    ) -> Result<Vec<Vec<Value>>, DatabaseError> {
        let parameters = parameters.into_iter().map(parameter).collect::<Vec<_>>();
        within(POSTGRES_DEADLINE, run(&self.url, statement, parameters))
            .await
            .unwrap_or_else(|| Err(DatabaseError::Unavailable("deadline exceeded".to_owned())))
    }
}

async fn run(
    url: &str,
    statement: &str,
    parameters: Vec<ParameterValue>,
) -> Result<Vec<Vec<Value>>, DatabaseError> {
    let connection = Connection::open(url).await.map_err(|error| database_error(&error))?;
    let result =
        connection.query(statement, parameters).await.map_err(|error| database_error(&error))?;
    let (_, mut rows, outcome) = result.into_inner();
    let mut values = Vec::new();
    while let Some(row) = rows.next().await {
        values.push(row.into_iter().map(value).collect::<Result<Vec<_>, _>>()?);
    }
    // An error while the statement runs arrives only here, after the last row.
    outcome.await.map_err(|error| database_error(&Error::PgError(error)))?;
    Ok(values)
}

fn parameter(value: Value) -> ParameterValue {
    match value {
        Value::Null => ParameterValue::DbNull,
        Value::Text(text) => ParameterValue::Str(text),
        Value::Integer(number) => ParameterValue::Int64(number),
        Value::Boolean(boolean) => ParameterValue::Boolean(boolean),
        Value::Texts(texts) => ParameterValue::ArrayStr(texts.into_iter().map(Some).collect()),
        Value::Integers(numbers) => {
            ParameterValue::ArrayInt64(numbers.into_iter().map(Some).collect())
        }
    }
}

fn value(value: DbValue) -> Result<Value, DatabaseError> {
    match value {
        DbValue::DbNull => Ok(Value::Null),
        DbValue::Str(text) => Ok(Value::Text(text)),
        DbValue::Int64(number) => Ok(Value::Integer(number)),
        DbValue::Int32(number) => Ok(Value::Integer(number.into())),
        DbValue::Boolean(boolean) => Ok(Value::Boolean(boolean)),
        other => Err(DatabaseError::Unavailable(format!("unexpected column type: {other:?}"))),
    }
}

fn database_error(error: &Error) -> DatabaseError {
    match error {
        Error::PgError(PgError::QueryFailed(QueryError::DbError(error))) => {
            DatabaseError::Statement {
                sqlstate: error.code.clone(),
                message: error.message.clone(),
            }
        }
        Error::PgError(PgError::QueryFailed(QueryError::Text(text))) => {
            DatabaseError::Unavailable(text.clone())
        }
        // The text of a failed connection can carry the address, and the address a password.
        Error::PgError(PgError::ConnectionFailed(_)) => {
            DatabaseError::Unavailable("the connection failed".to_owned())
        }
        Error::PgError(PgError::BadParameter(text) | PgError::ValueConversionFailed(text))
        | Error::Decode(text) => {
            DatabaseError::Statement { sqlstate: "22023".to_owned(), message: text.clone() }
        }
        Error::PgError(PgError::Other(text)) => DatabaseError::Unavailable(text.clone()),
    }
}
