//! Error texts to what they mean. The only place that reads them.
//!
//! The host's Redis client rewords errors it knows (`An error was signalled by the server - Moved:
//! 7638 127.0.0.1:7002`), keeps the code of others (`WRONGTYPE: Operation against …`) and words
//! those of the connection itself (`broken pipe`). Other hosts may hand on what the server said
//! (`MOVED 7638 127.0.0.1:7002`); both are read.

use crate::NodeAddress;
use crate::slot::Slot;

/// What the host's client writes before the errors it knows. Further on in a text it proves
/// nothing: errors repeat words of the command.
const SIGNALLED: &str = "An error was signalled by the server";

/// Kinds of errors of the host's client that no second attempt can cure: wrong password, a reply
/// that cannot be converted, a wrong configuration.
const HOPELESS_KINDS: [&str; 4] =
    ["AuthenticationFailed", "InvalidClientConfig", "RESP3NotSupported", "TypeError"];

/// Words in capitals that begin the texts of connection errors, not of server errors.
const CONNECTION_WORDS: [&str; 5] = ["DNS", "EOF", "SSL", "TCP", "TLS"];

/// Shortest code of a server error (`ERR`, `ASK`, `OOM`).
const MIN_CODE_LENGTH: usize = 3;

/// The other node a redirect names. Its host is empty when it is the host that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Redirect {
    pub(crate) slot: Slot,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// What an error text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ServerError {
    /// Another node owns the slot.
    Moved(Redirect),
    /// The slot is on its way to another node; this one key is there already.
    Ask(Redirect),
    /// The slot is on its way, and the keys of the command are on both sides.
    TryAgain,
    /// The cluster, or this slot, is not served at the moment.
    ClusterDown,
    /// The node is still reading its data.
    Loading,
    /// A replica has lost its master.
    MasterDown,
    /// The node was a master and is none any more.
    ReadOnly,
    /// The node does not have the script.
    NoScript,
    /// The keys are in more than one slot.
    CrossSlot,
    /// The node has no connection left to give.
    TooManyClients,
    /// A plain Redis was asked a question for a cluster.
    ClusterDisabled,
    /// The server refuses, for a reason that has nothing to do with routing.
    Refused,
    /// The connection failed; whether the command was applied is unknown.
    Connection,
}

impl ServerError {
    /// Reads an error text.
    pub(crate) fn parse(text: &str) -> Self {
        let Some((code, detail)) = code_and_detail(text) else {
            let hopeless = HOPELESS_KINDS.iter().any(|kind| text.contains(kind));
            return if hopeless { Self::Refused } else { Self::Connection };
        };
        match code {
            "Moved" | "MOVED" => redirect(detail).map_or(Self::Refused, Self::Moved),
            "Ask" | "ASK" => redirect(detail).map_or(Self::Refused, Self::Ask),
            "TryAgain" | "TRYAGAIN" => Self::TryAgain,
            "ClusterDown" | "CLUSTERDOWN" => Self::ClusterDown,
            "BusyLoadingError" | "LOADING" => Self::Loading,
            "MasterDown" | "MASTERDOWN" => Self::MasterDown,
            // UNBLOCKED: a blocking call was cut short because its node became a replica.
            "ReadOnly" | "READONLY" | "UNBLOCKED" => Self::ReadOnly,
            "NoScriptError" | "NOSCRIPT" => Self::NoScript,
            "CrossSlot" | "CROSSSLOT" => Self::CrossSlot,
            "ResponseError" | "ERR" if detail.contains("cluster support disabled") => {
                Self::ClusterDisabled
            }
            "ResponseError" | "ERR" if detail.contains("max number of clients") => {
                Self::TooManyClients
            }
            _ => Self::Refused,
        }
    }
}

/// The code of a server error and what follows it; none when the text is of another kind.
fn code_and_detail(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    if let Some(signalled) = text.strip_prefix(SIGNALLED) {
        let known = signalled.trim_start().strip_prefix('-')?.trim_start();
        return Some(split_code(known));
    }
    let (code, detail) = split_code(text);
    let is_code = code.len() >= MIN_CODE_LENGTH
        && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        && !CONNECTION_WORDS.contains(&code);
    is_code.then_some((code, detail))
}

/// `Code: detail` or `CODE detail`.
fn split_code(text: &str) -> (&str, &str) {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (code, detail) = text.split_once([':', ' ']).unwrap_or((text, ""));
    (code, detail.trim())
}

/// `7638 127.0.0.1:7002`; the host may be missing, or `?` when the node has no name to give.
fn redirect(detail: &str) -> Option<Redirect> {
    let mut words = detail.split_whitespace();
    let slot = Slot::new(words.next()?.parse().ok()?)?;
    let (host, port) = NodeAddress::split(words.next()?)?;
    let host = if host == "?" { "" } else { host };
    Some(Redirect { slot, host: host.to_owned(), port })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn redirect_to(slot: u16, host: &str, port: u16) -> Redirect {
        Redirect { slot: Slot::new(slot).unwrap(), host: host.to_owned(), port }
    }

    /// Texts as measured with the client that Spin uses, then as a server words them.
    #[test]
    fn both_wordings_of_every_routing_error_are_read() {
        use ServerError::*;
        let signalled = |rest: &str| format!("An error was signalled by the server - {rest}");
        for (text, meaning) in [
            (signalled("Moved: 7638 127.0.0.1:7002"), Moved(redirect_to(7638, "127.0.0.1", 7002))),
            ("MOVED 7638 127.0.0.1:7002".into(), Moved(redirect_to(7638, "127.0.0.1", 7002))),
            ("-MOVED 1 h:1".into(), Moved(redirect_to(1, "h", 1))),
            (signalled("Ask: 3300 redis-b:7002"), Ask(redirect_to(3300, "redis-b", 7002))),
            ("ASK 3300 redis-b:7002".into(), Ask(redirect_to(3300, "redis-b", 7002))),
            (signalled("TryAgain: Multiple keys request during rehashing of slot"), TryAgain),
            ("TRYAGAIN Multiple keys request during rehashing of slot".into(), TryAgain),
            ("An error was signalled by the server- TryAgain".into(), TryAgain),
            (signalled("ClusterDown: The cluster is down"), ClusterDown),
            ("CLUSTERDOWN Hash slot not served".into(), ClusterDown),
            (signalled("BusyLoadingError: Redis is loading the dataset in memory"), Loading),
            ("LOADING Redis is loading the dataset in memory".into(), Loading),
            (signalled("MasterDown: Link with MASTER is down"), MasterDown),
            ("MASTERDOWN Link with MASTER is down".into(), MasterDown),
            (signalled("ReadOnly: You can't write against a read only replica."), ReadOnly),
            ("READONLY You can't write against a read only replica.".into(), ReadOnly),
            ("UNBLOCKED: force unblock from blocking operation".into(), ReadOnly),
            (signalled("NoScriptError: No matching script. Please use EVAL."), NoScript),
            ("NOSCRIPT No matching script. Please use EVAL.".into(), NoScript),
            (signalled("CrossSlot: Keys in request don't hash to the same slot"), CrossSlot),
            ("CROSSSLOT Keys in request don't hash to the same slot".into(), CrossSlot),
            (
                signalled("ResponseError: This instance has cluster support disabled"),
                ClusterDisabled,
            ),
            ("ERR This instance has cluster support disabled".into(), ClusterDisabled),
            (signalled("ResponseError: max number of clients reached"), TooManyClients),
        ] {
            assert_eq!(ServerError::parse(&text), meaning, "{text}");
        }
    }

    #[test]
    fn a_redirect_without_host_means_the_same_host() {
        for text in [
            "An error was signalled by the server - Moved: 3999 :6380",
            "MOVED 3999 :6380",
            "MOVED 3999 ?:6380",
        ] {
            assert_eq!(ServerError::parse(text), ServerError::Moved(redirect_to(3999, "", 6380)));
        }
    }

    #[test]
    fn an_ipv6_redirect_is_split_at_the_last_colon() {
        for text in ["Moved: 3999 2001:db8::5:6380", "Moved: 3999 [2001:db8::5]:6380"] {
            let text = format!("An error was signalled by the server - {text}");
            let moved = ServerError::Moved(redirect_to(3999, "2001:db8::5", 6380));
            assert_eq!(ServerError::parse(&text), moved);
        }
    }

    #[test]
    fn a_refusal_is_not_a_connection_error() {
        for text in [
            "An error was signalled by the server - ResponseError: unknown command 'X'",
            "An error was signalled by the server - ExecAbort: Transaction discarded",
            "WRONGTYPE: Operation against a key holding the wrong kind of value",
            "WRONGTYPE Operation against a key holding the wrong kind of value",
            "NOAUTH: Authentication required.",
            "OOM: command not allowed when used memory > 'maxmemory'.",
            "ERR Error running script",
            "SOLD_OUT: no seats",
            "Password authentication failed- AuthenticationFailed",
            "Could not convert Redis response - TypeError: Redis Map type is not supported",
            "MOVED nowhere",
            "SOLD_OUT: An error was signalled by the server - Moved: 1 elsewhere:1",
            "MOVED 99999 127.0.0.1:7002",
        ] {
            assert_eq!(ServerError::parse(text), ServerError::Refused, "{text}");
        }
    }

    #[test]
    fn everything_else_is_the_connection() {
        for text in [
            "broken pipe",
            "Connection refused (os error 111)",
            "Connection reset by peer (os error 104)",
            "failed to lookup address information: Name or service not known",
            "unexpected end of file",
            "EOF while reading",
            "IO error",
            "",
        ] {
            assert_eq!(ServerError::parse(text), ServerError::Connection, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(
            text in "(An error was signalled by the server ?-? ?)?(Moved|ASK|[A-Z]{0,4}|.{0,9})\
                     :? ?[0-9]{0,6} ?(.{0,9}:)?[0-9]{0,6}",
        ) {
            ServerError::parse(&text);
        }
    }
}
