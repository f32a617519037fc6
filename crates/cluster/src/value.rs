//! What goes to Redis and what comes back, in the shapes of Spin's Redis interface.

/// One argument of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// Sent as its decimal text.
    Integer(i64),
    /// Sent as it is.
    Bytes(Vec<u8>),
}

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }
}

impl From<String> for Argument {
    fn from(text: String) -> Self {
        Self::Bytes(text.into_bytes())
    }
}

impl From<i64> for Argument {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<Vec<u8>> for Argument {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

/// One value of a reply. A reply is a flat list of them: nested arrays have lost their nesting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// No value: the key or field does not exist, or Lua returned `false`.
    Nil,
    /// A status line such as `OK`.
    Status(String),
    /// An integer.
    Integer(i64),
    /// A bulk string.
    Bytes(Vec<u8>),
}

impl Reply {
    /// The text of a status or of a bulk string that is UTF-8.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Status(text) => Some(text),
            Self::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
            Self::Nil | Self::Integer(_) => None,
        }
    }

    /// The number of an integer reply, or of a text that is a decimal integer.
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Nil | Self::Status(_) | Self::Bytes(_) => self.text()?.parse().ok(),
        }
    }
}
