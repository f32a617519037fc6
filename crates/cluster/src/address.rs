//! Where a node listens.

use std::fmt;
use std::str::FromStr;

/// Host and port of one Redis node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeAddress {
    /// A name or an IP address; IPv6 without brackets.
    pub host: String,
    /// The port for clients.
    pub port: u16,
}

/// A text is not `host:port`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a node address (host:port): {text:?}")]
pub struct InvalidAddress {
    /// What was given.
    pub text: String,
}

impl NodeAddress {
    /// Splits `host:port` at the last colon, so that IPv6 may come with or without brackets.
    /// The host may be empty: a node that does not know its own address writes `:6379`. What is no
    /// name and no IP address (spaces, more brackets) is no host.
    pub(crate) fn split(text: &str) -> Option<(&str, u16)> {
        let (host, port) = text.rsplit_once(':')?;
        let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = inner.unwrap_or(host);
        let is_host =
            !host.contains(|letter: char| letter.is_whitespace() || "[]".contains(letter));
        let port = port.parse().ok().filter(|port| *port != 0)?;
        is_host.then_some((host, port))
    }
}

impl FromStr for NodeAddress {
    type Err = InvalidAddress;

    /// Reads `host:port` or `[::1]:6379`.
    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        match Self::split(text.trim()) {
            Some((host, port)) if !host.is_empty() => Ok(Self { host: host.to_owned(), port }),
            _ => Err(InvalidAddress { text: text.to_owned() }),
        }
    }
}

impl fmt::Display for NodeAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(formatter, "[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: &str, port: u16) -> NodeAddress {
        NodeAddress { host: host.to_owned(), port }
    }

    #[test]
    fn names_and_both_families_are_read_and_written() {
        for (text, host, port) in [
            ("redis-0.redis:6379", "redis-0.redis", 6379),
            ("127.0.0.1:7001", "127.0.0.1", 7001),
            ("[::1]:6379", "::1", 6379),
            ("[2001:db8::5]:7000", "2001:db8::5", 7000),
        ] {
            assert_eq!(text.parse(), Ok(address(host, port)));
            assert_eq!(address(host, port).to_string(), text);
        }
    }

    #[test]
    fn ipv6_without_brackets_is_split_at_the_last_colon() {
        assert_eq!("2001:db8::5:7000".parse(), Ok(address("2001:db8::5", 7000)));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "host",
            ":6379",
            "host:",
            "host:0",
            "host:70000",
            "host:x",
            "[]:1",
            "[[a]]:1",
            "[a:1",
            "a b:1",
            "[ a]:1",
        ] {
            assert!(text.parse::<NodeAddress>().is_err(), "{text}");
        }
    }
}
