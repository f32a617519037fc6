//! Reading rows, column by column, in the order of the statement.

use domain::time::Instant;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::database::{Database, Value};
use crate::error::Error;

/// A row that is being read from left to right.
pub(crate) struct Row {
    step: &'static str,
    columns: std::vec::IntoIter<Value>,
}

/// Runs `statement` and prepares its rows for reading.
pub(crate) async fn rows<D: Database>(
    database: &D,
    step: &'static str,
    statement: &str,
    parameters: Vec<Value>,
) -> Result<impl Iterator<Item = Row>, Error> {
    let rows = database.query(statement, parameters).await?;
    Ok(rows.into_iter().map(move |columns| Row { step, columns: columns.into_iter() }))
}

/// Runs a `statement` that answers with one row.
pub(crate) async fn one_row<D: Database>(
    database: &D,
    step: &'static str,
    statement: &str,
    parameters: Vec<Value>,
) -> Result<Row, Error> {
    rows(database, step, statement, parameters)
        .await?
        .next()
        .ok_or_else(|| Error::Protocol { step, detail: "no row".to_owned() })
}

impl Row {
    /// An [`Error::Protocol`] of this row's step.
    pub(crate) fn unexpected(&self, detail: impl Into<String>) -> Error {
        Error::Protocol { step: self.step, detail: detail.into() }
    }

    /// The next column: text or NULL.
    pub(crate) fn optional_text(&mut self) -> Result<Option<String>, Error> {
        match self.columns.next() {
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Null) => Ok(None),
            other => Err(self.unexpected(format!("{other:?} instead of text"))),
        }
    }

    /// The next column: text.
    pub(crate) fn text(&mut self) -> Result<String, Error> {
        self.optional_text()?.ok_or_else(|| self.unexpected("NULL instead of text"))
    }

    /// The next column: a bigint or NULL.
    pub(crate) fn optional_integer(&mut self) -> Result<Option<i64>, Error> {
        match self.columns.next() {
            Some(Value::Integer(integer)) => Ok(Some(integer)),
            Some(Value::Null) => Ok(None),
            other => Err(self.unexpected(format!("{other:?} instead of bigint"))),
        }
    }

    /// The next column: a bigint.
    pub(crate) fn integer(&mut self) -> Result<i64, Error> {
        self.optional_integer()?.ok_or_else(|| self.unexpected("NULL instead of bigint"))
    }

    /// The next column: a count, so a bigint that is not negative.
    pub(crate) fn count<T: TryFrom<i64>>(&mut self) -> Result<T, Error> {
        let integer = self.integer()?;
        T::try_from(integer).map_err(|_| self.unexpected(format!("{integer} is not a count")))
    }

    /// The next column: an instant as milliseconds.
    pub(crate) fn instant(&mut self) -> Result<Instant, Error> {
        self.integer().map(Instant::from_unix_ms)
    }

    /// The next column: a boolean.
    pub(crate) fn boolean(&mut self) -> Result<bool, Error> {
        match self.columns.next() {
            Some(Value::Boolean(boolean)) => Ok(boolean),
            other => Err(self.unexpected(format!("{other:?} instead of boolean"))),
        }
    }

    /// The next column: an id or another word with one spelling.
    pub(crate) fn parsed<T: std::str::FromStr>(&mut self) -> Result<T, Error> {
        let text = self.text()?;
        text.parse().map_err(|_| self.unexpected(format!("{text:?} does not parse")))
    }

    /// The next column: a JSON document as text.
    pub(crate) fn document<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        let text = self.text()?;
        serde_json::from_str(&text).map_err(|error| self.unexpected(error.to_string()))
    }

    /// The next column: a JSON document as text, or NULL.
    pub(crate) fn optional_document<T: DeserializeOwned>(&mut self) -> Result<Option<T>, Error> {
        let Some(text) = self.optional_text()? else { return Ok(None) };
        let document = serde_json::from_str(&text);
        document.map(Some).map_err(|error| self.unexpected(error.to_string()))
    }
}

/// `items` as JSON text for a parameter.
pub(crate) fn json_text<T: serde::Serialize + ?Sized>(
    step: &'static str,
    items: &T,
) -> Result<Value, Error> {
    serde_json::to_string(items)
        .map(Value::Text)
        .map_err(|error| Error::Protocol { step, detail: error.to_string() })
}

/// A member of a document: an instant as milliseconds.
pub(crate) fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
    i64::deserialize(deserializer).map(Instant::from_unix_ms)
}
