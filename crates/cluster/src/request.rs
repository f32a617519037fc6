//! What a call sends, and where to.

use crate::{Argument, NodeAddress, Script};

/// What is sent.
pub(crate) struct Request<'a> {
    pub(crate) command: &'a str,
    pub(crate) arguments: Vec<Argument>,
    /// Set while the script is sent by its digest.
    script: Option<&'a Script>,
}

impl<'a> Request<'a> {
    pub(crate) fn command(command: &'a str, arguments: Vec<Argument>) -> Self {
        Self { command, arguments, script: None }
    }

    pub(crate) fn script(script: &'a Script, keys: &[String], arguments: Vec<Argument>) -> Self {
        let count = i64::try_from(keys.len()).unwrap_or(i64::MAX);
        let mut all = vec![Argument::from(script.sha1), Argument::Integer(count)];
        all.extend(keys.iter().map(|key| Argument::from(key.as_str())));
        all.extend(arguments);
        Self { command: "EVALSHA", arguments: all, script: Some(script) }
    }

    /// Sends the script in full from now on. False if that was done already, or it is no script.
    pub(crate) fn send_source(&mut self) -> bool {
        let (Some(script), Some(first)) = (self.script.take(), self.arguments.first_mut()) else {
            return false;
        };
        self.command = "EVAL";
        *first = Argument::from(script.source);
        true
    }
}

/// Where the next attempt goes.
pub(crate) enum Target {
    /// To whoever owns the slot as far as is known.
    Owner,
    /// To the node that a MOVED named.
    Node(NodeAddress),
    /// To the node that an ASK named.
    Asking(NodeAddress),
}
