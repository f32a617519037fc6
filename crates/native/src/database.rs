//! Postgres as strict as through Spin.

use std::error::Error as StdError;
use std::sync::Arc;

use ledger::{Database, DatabaseError, Value};
use tokio_postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use tokio_postgres::{Client, NoTls, Row};

/// One connection. Like in Spin, each call prepares its statement.
#[derive(Clone)]
pub struct NativeDatabase {
    client: Arc<Client>,
}

impl NativeDatabase {
    /// Opens a connection.
    ///
    /// # Panics
    ///
    /// When there is no server: the test cannot go on.
    pub async fn connect(url: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        Self { client: Arc::new(client) }
    }

    /// Runs SQL that is no step: to look, or to move time.
    ///
    /// # Panics
    ///
    /// When the server refuses it.
    pub async fn execute(&self, sql: &str) {
        self.client.batch_execute(sql).await.unwrap();
    }

    /// Reads one number.
    ///
    /// # Panics
    ///
    /// When the answer is not one `bigint`.
    pub async fn number(&self, sql: &str) -> i64 {
        self.client.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// Reads the first column of all rows, as text.
    ///
    /// # Panics
    ///
    /// When it is not text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.client.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

impl Database for NativeDatabase {
    async fn query(
        &self,
        statement: &str,
        parameters: Vec<Value>,
    ) -> Result<Vec<Vec<Value>>, DatabaseError> {
        let parameters: Vec<Parameter> = parameters.into_iter().map(Parameter).collect();
        let bound: Vec<&(dyn ToSql + Sync)> =
            parameters.iter().map(|parameter| parameter as &(dyn ToSql + Sync)).collect();
        let rows = self.client.query(statement, &bound).await.map_err(database_error)?;
        Ok(rows.iter().map(columns).collect())
    }
}

fn database_error(error: tokio_postgres::Error) -> DatabaseError {
    match error.as_db_error() {
        Some(refused) => DatabaseError::Statement {
            sqlstate: refused.code().code().to_owned(),
            message: refused.message().to_owned(),
        },
        None => DatabaseError::Unavailable(format!("{error:?}")),
    }
}

fn columns(row: &Row) -> Vec<Value> {
    let column = |index: usize| match *row.columns()[index].type_() {
        Type::TEXT => row.get::<_, Option<String>>(index).into(),
        Type::INT8 => row.get::<_, Option<i64>>(index).into(),
        Type::BOOL => row.get::<_, Option<bool>>(index).into(),
        ref other => panic!("a column of type {other} cannot be read in a guest"),
    };
    (0..row.len()).map(column).collect()
}

#[derive(Debug)]
struct Parameter(Value);

impl ToSql for Parameter {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        let mismatch = |expected: &Type| {
            let text = format!("{:?} for a parameter of type {kind}", self.0);
            if kind == expected { Ok(()) } else { Err(text) }
        };
        match &self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Text(text) => mismatch(&Type::TEXT).map(|()| text.to_sql(kind, out))?,
            Value::Integer(integer) => mismatch(&Type::INT8).map(|()| integer.to_sql(kind, out))?,
            Value::Boolean(boolean) => mismatch(&Type::BOOL).map(|()| boolean.to_sql(kind, out))?,
            Value::Texts(texts) => mismatch(&Type::TEXT_ARRAY).map(|()| texts.to_sql(kind, out))?,
            Value::Integers(integers) => {
                mismatch(&Type::INT8_ARRAY).map(|()| integers.to_sql(kind, out))?
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
