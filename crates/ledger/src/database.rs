//! The one thing a caller provides: a way to run one statement.

/// A parameter or a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// SQL NULL, of any type.
    Null,
    /// `text`.
    Text(String),
    /// `bigint`.
    Integer(i64),
    /// `boolean`.
    Boolean(bool),
    /// `text[]`; only as a parameter.
    Texts(Vec<String>),
    /// `bigint[]`; only as a parameter.
    Integers(Vec<i64>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl From<u32> for Value {
    fn from(integer: u32) -> Self {
        Self::Integer(i64::from(integer))
    }
}

impl From<bool> for Value {
    fn from(boolean: bool) -> Self {
        Self::Boolean(boolean)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(option: Option<T>) -> Self {
        option.map_or(Self::Null, Into::into)
    }
}

/// A connection, or a source of connections, to the ledger's database.
///
/// An implementation sets the deadline: after it, the statement may still be applied, so the
/// caller repeats the step or refuses with "in doubt".
pub trait Database {
    /// Runs one statement outside of any transaction and collects all its rows.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::Unavailable`] when no answer came, so the outcome is unknown;
    /// [`DatabaseError::Statement`] when the server refused, so nothing was changed.
    #[expect(async_fn_in_trait, reason = "guests run on one thread, so no Send bound is wanted")]
    async fn query(
        &self,
        statement: &str,
        parameters: Vec<Value>,
    ) -> Result<Vec<Vec<Value>>, DatabaseError>;
}

/// Why a statement gave no rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// No answer: no connection, a broken one, or the deadline passed. The outcome is unknown.
    #[error("the database gave no answer: {0}")]
    Unavailable(String),
    /// The server refused the statement; nothing was changed.
    #[error("the database refused a statement ({sqlstate}): {message}")]
    Statement {
        /// Five characters, for example `55P03`.
        sqlstate: String,
        /// The server's words, for the log only.
        message: String,
    },
}

/// SQLSTATEs, or classes of them, that pass by themselves.
const TRANSIENT_SQLSTATES: &[&str] = &[
    "08",    // connection exceptions
    "25006", // read-only transaction: a standby, or a server that is being switched over
    "40",    // serialization failure, deadlock
    "53",    // out of connections, memory or disk
    "55P03", // lock_timeout
    "57",    // statement_timeout, shutdown, crash recovery
    "58",    // the server's own IO
];

impl DatabaseError {
    /// Whether the same call may succeed later, so that the caller answers 503 and not 500.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            Self::Statement { sqlstate, .. } => {
                TRANSIENT_SQLSTATES.iter().any(|transient| sqlstate.starts_with(transient))
            }
        }
    }
}
