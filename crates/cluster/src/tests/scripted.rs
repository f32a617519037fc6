//! A transport that follows a script and panics when the routing leaves it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use crate::{AddressMap, Argument, Cluster, NodeAddress, Reply, Transport};

/// What a node answers.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// `+OK`.
    Ok,
    /// An error with this text.
    Error(String),
    /// Never.
    Silence,
}

impl Answer {
    pub(super) fn error(text: &str) -> Self {
        Self::Error(text.to_owned())
    }

    async fn give(self) -> Result<Vec<Reply>, String> {
        match self {
            Self::Ok => Ok(vec![Reply::Status("OK".to_owned())]),
            Self::Error(text) => Err(text),
            Self::Silence => pending().await,
        }
    }
}

/// One command that reached a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Received {
    pub(super) node: String,
    /// Number of the connection, in the order of opening, from 0.
    pub(super) connection: usize,
    pub(super) command: String,
    pub(super) at: Duration,
}

struct Script {
    /// What is to come, in order: node, first words of the command, answer.
    steps: VecDeque<(String, String, Answer)>,
    /// What a node answers to CLUSTER NODES.
    nodes: String,
    /// Those that answer it in another way.
    nodes_of: BTreeMap<String, Answer>,
    refused: BTreeSet<String>,
    opening_takes: Duration,
    answering_takes: Duration,
    opened: Vec<String>,
    received: Vec<Received>,
    refreshes: Vec<Received>,
}

/// Handle to the script; clones share it.
#[derive(Clone)]
pub(super) struct Scripted {
    script: Rc<RefCell<Script>>,
    began: Instant,
}

#[derive(Clone)]
pub(super) struct Connection {
    node: String,
    number: usize,
}

impl Scripted {
    /// Every node answers CLUSTER NODES with `nodes`; all else is to be scripted.
    pub(super) fn new(nodes: &str) -> Self {
        let script = Script {
            steps: VecDeque::new(),
            nodes: nodes.to_owned(),
            nodes_of: BTreeMap::new(),
            refused: BTreeSet::new(),
            opening_takes: Duration::ZERO,
            answering_takes: Duration::ZERO,
            opened: Vec::new(),
            received: Vec::new(),
            refreshes: Vec::new(),
        };
        Self { script: Rc::new(RefCell::new(script)), began: Instant::now() }
    }

    /// The next command goes to `node`, begins with `command` and gets `answer`.
    pub(super) fn then(self, node: &str, command: &str, answer: Answer) -> Self {
        let step = (node.to_owned(), command.to_owned(), answer);
        self.script.borrow_mut().steps.push_back(step);
        self
    }

    /// From now on CLUSTER NODES is answered with `nodes`.
    pub(super) fn set_nodes(&self, nodes: &str) {
        self.script.borrow_mut().nodes = nodes.to_owned();
    }

    /// One node answers CLUSTER NODES in its own way.
    pub(super) fn with_nodes_of(self, node: &str, answer: Answer) -> Self {
        self.script.borrow_mut().nodes_of.insert(node.to_owned(), answer);
        self
    }

    /// No connection to `node` can be opened.
    pub(super) fn with_refused(self, node: &str) -> Self {
        self.script.borrow_mut().refused.insert(node.to_owned());
        self
    }

    pub(super) fn with_opening_time(self, duration: Duration) -> Self {
        self.script.borrow_mut().opening_takes = duration;
        self
    }

    /// Lets tasks overlap: what one was told, another has asked for meanwhile.
    pub(super) fn with_answer_time(self, duration: Duration) -> Self {
        self.script.borrow_mut().answering_takes = duration;
        self
    }

    /// A cluster over this transport that begins with `seed`.
    pub(super) fn cluster(&self, seed: &str) -> Cluster<Self> {
        self.mapped_cluster(seed, "")
    }

    pub(super) fn mapped_cluster(&self, seed: &str, map: &str) -> Cluster<Self> {
        let map: AddressMap = map.parse().unwrap();
        Cluster::new(self.clone(), vec![seed.parse().unwrap()], map)
    }

    /// What was received, without CLUSTER NODES. Panics if the script is not at its end.
    pub(super) fn finish(&self) -> Vec<Received> {
        let script = self.script.borrow();
        assert!(script.steps.is_empty(), "never came: {:?}", script.steps);
        script.received.clone()
    }

    /// The requests for CLUSTER NODES.
    pub(super) fn refreshes(&self) -> Vec<Received> {
        self.script.borrow().refreshes.clone()
    }

    /// The nodes that connections were opened to, in order.
    pub(super) fn opened(&self) -> Vec<String> {
        self.script.borrow().opened.clone()
    }

    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn receive(&self, connection: &Connection, command: &str) -> Answer {
        let mut script = self.script.borrow_mut();
        let received = Received {
            node: connection.node.clone(),
            connection: connection.number,
            command: command.to_owned(),
            at: self.now(),
        };
        script.received.push(received);
        let (node, expected, answer) =
            script.steps.pop_front().unwrap_or_else(|| panic!("unexpected: {command}"));
        assert_eq!(connection.node, node, "{command} went to the wrong node");
        assert!(command.starts_with(&expected), "{command}, not {expected}");
        answer
    }

    fn tell_nodes(&self, connection: &Connection) -> Result<String, Answer> {
        let mut script = self.script.borrow_mut();
        script.refreshes.push(Received {
            node: connection.node.clone(),
            connection: connection.number,
            command: "CLUSTER NODES".to_owned(),
            at: self.began.elapsed(),
        });
        match script.nodes_of.get(&connection.node) {
            Some(answer) => Err(answer.clone()),
            None => {
                let own = format!(" {}@16379 ", connection.node);
                Ok(script.nodes.replace(&own, &format!("{own}myself,")))
            }
        }
    }
}

impl Transport for Scripted {
    type Connection = Connection;

    async fn open(&self, address: &NodeAddress) -> Result<Connection, String> {
        let (number, takes, is_refused) = {
            let mut script = self.script.borrow_mut();
            script.opened.push(address.to_string());
            let is_refused = script.refused.contains(&address.to_string());
            (script.opened.len() - 1, script.opening_takes, is_refused)
        };
        tokio::time::sleep(takes).await;
        if is_refused {
            return Err("Connection refused (os error 111)".to_owned());
        }
        Ok(Connection { node: address.to_string(), number })
    }

    async fn execute(
        &self,
        connection: &Connection,
        command: &str,
        arguments: &[Argument],
    ) -> Result<Vec<Reply>, String> {
        let words = arguments.iter().map(|argument| match argument {
            Argument::Integer(number) => number.to_string(),
            Argument::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        });
        let line = [command.to_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ");
        if line != "CLUSTER NODES" {
            let answer = self.receive(connection, &line);
            let takes = self.script.borrow().answering_takes;
            tokio::time::sleep(takes).await;
            return answer.give().await;
        }
        match self.tell_nodes(connection) {
            Ok(text) => Ok(vec![Reply::Bytes(text.into_bytes())]),
            Err(answer) => answer.give().await,
        }
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn random(&self) -> u64 {
        0
    }
}
