//! A small blocking Redis client: enough to form a cluster and to look at it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// A node that does not answer within this is down, paused or hopelessly busy.
const TIMEOUT: Duration = Duration::from_secs(2);

/// What a Redis server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// No value.
    Nil,
    /// A status word such as `OK`.
    Status(String),
    /// An integer.
    Integer(i64),
    /// A string. Bytes that are no UTF-8 are replaced.
    Text(String),
    /// A list.
    List(Vec<Reply>),
}

impl Reply {
    /// The text of a string or status, empty for anything else.
    pub fn text(&self) -> &str {
        match self {
            Self::Status(text) | Self::Text(text) => text,
            Self::Nil | Self::Integer(_) | Self::List(_) => "",
        }
    }
}

/// A connection to one Redis server.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connects to a port of 127.0.0.1.
    pub fn open(port: u16) -> Result<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let stream = TcpStream::connect_timeout(&address, TIMEOUT)
            .with_context(|| format!("no Redis answers on {address}"))?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends one command and reads its reply. An error reply is an error with its text.
    pub fn command(&mut self, words: &[&str]) -> Result<Reply> {
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        self.stream.get_mut().write_all(request.as_bytes())?;
        let name = words.first().copied().unwrap_or_default();
        self.read_reply().with_context(|| format!("Redis command {name} failed"))
    }

    fn read_reply(&mut self) -> Result<Reply> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let line = line.trim_end();
        let Some(kind) = line.chars().next() else { bail!("connection closed") };
        let rest = &line[kind.len_utf8()..];
        Ok(match kind {
            '+' => Reply::Status(rest.to_owned()),
            '-' => bail!("{rest}"),
            ':' => Reply::Integer(rest.parse()?),
            '$' => match usize::try_from(rest.parse::<i64>()?) {
                Err(_) => Reply::Nil,
                Ok(length) => self.read_text(length)?,
            },
            '*' => match usize::try_from(rest.parse::<i64>()?) {
                Err(_) => Reply::Nil,
                Ok(length) => {
                    Reply::List((0..length).map(|_| self.read_reply()).collect::<Result<_>>()?)
                }
            },
            _ => bail!("not a Redis reply: {line}"),
        })
    }

    fn read_text(&mut self, length: usize) -> Result<Reply> {
        let mut bytes = vec![0; length + "\r\n".len()];
        self.stream.read_exact(&mut bytes)?;
        bytes.truncate(length);
        Ok(Reply::Text(String::from_utf8_lossy(&bytes).into_owned()))
    }
}
