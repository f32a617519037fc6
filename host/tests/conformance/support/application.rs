//! Hosts with an application.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::client::{Client, Response};
use super::{eventually, guests};

/// What every application of the tests has; `{wasm}` is the component.
const START: &str = r#"
spin_manifest_version = 2
[application]
name = "tested"
version = "1.2.3"
"#;

const PROBE: &str = r#"
[component.probe]
source = "{wasm}"
allowed_outbound_hosts = ["redis://127.0.0.1:*", "postgres://127.0.0.1:*"]
"#;

/// An application to be started.
pub(crate) struct Application {
    triggers: String,
    probe: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    env_file: Option<String>,
}

impl Application {
    /// The probe on all routes.
    pub(crate) fn new() -> Self {
        Self::with_triggers("[[trigger.http]]\nroute = \"/...\"\ncomponent = \"probe\"\n")
    }

    /// The probe with other triggers; also the place for `[variables]`.
    pub(crate) fn with_triggers(triggers: &str) -> Self {
        Self {
            triggers: triggers.to_owned(),
            probe: PROBE.to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
            env_file: None,
        }
    }

    /// Adds triggers or `[variables]`.
    pub(crate) fn and(mut self, text: &str) -> Self {
        self.triggers.push_str(&format!("\n{text}\n"));
        self
    }

    /// Adds fields of the component.
    pub(crate) fn probe(mut self, fields: &str) -> Self {
        self.probe.push_str(&format!("\n{fields}\n"));
        self
    }

    /// Replaces what the component may reach.
    pub(crate) fn allowed(mut self, hosts: &str) -> Self {
        self.probe =
            format!("[component.probe]\nsource = \"{{wasm}}\"\nallowed_outbound_hosts = {hosts}\n");
        self
    }

    pub(crate) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    pub(crate) fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn env_file(mut self, text: &str) -> Self {
        self.env_file = Some(text.to_owned());
        self
    }

    /// Starts it and waits until it listens.
    pub(crate) fn start(self) -> Host {
        let folder = TempDir::new().expect("a folder");
        let mut child = self.spawn(&folder);
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = BufReader::new(child.stderr.take().expect("standard error"));
        let kept = Arc::clone(&log);
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                kept.lock().expect("the log").push_str(&format!("{line}\n"));
            }
        });
        let mut stdout = BufReader::new(child.stdout.take().expect("standard output"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on http://").map(str::parse);
        let Some(Ok(address)) = address else {
            child.wait().expect("it ends");
            panic!("no host: {line:?}\n{}", log.lock().expect("the log"));
        };
        Host { address, child, log, _folder: folder }
    }

    /// Starts it, expects that it ends with an error, and gives the error.
    pub(crate) fn refused(self) -> String {
        let folder = TempDir::new().expect("a folder");
        let mut child = self.spawn(&folder);
        let mut output = String::new();
        child.stdout.take().expect("output").read_to_string(&mut output).expect("read");
        assert_eq!(output, "", "it listens");
        child.stderr.take().expect("errors").read_to_string(&mut output).expect("read");
        assert!(!child.wait().expect("it ends").success(), "no failure: {output}");
        output
    }

    fn spawn(&self, folder: &TempDir) -> Child {
        let wasm = guests::probe().display().to_string();
        let manifest = format!("{START}{}{}", self.triggers, self.probe).replace("{wasm}", &wasm);
        fs::write(folder.path().join("spin.toml"), manifest).expect("written");
        fs::create_dir(folder.path().join("data")).expect("a folder");
        fs::write(folder.path().join("data/text"), "from a file").expect("written");
        if let Some(text) = &self.env_file {
            fs::write(folder.path().join(".env"), text).expect("written");
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_host"));
        command
            .arg("--manifest")
            .arg(folder.path().join("spin.toml"))
            .args(["--listen", "127.0.0.1:0", "--cache-folder"])
            .arg(guests::target_folder().join("host-cache"))
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the host starts")
    }
}

/// A host at work. It is killed when dropped.
pub(crate) struct Host {
    pub(crate) address: SocketAddr,
    child: Child,
    log: Arc<Mutex<String>>,
    _folder: TempDir,
}

impl Host {
    pub(crate) fn request(&self, method: &str, path: &str) -> Client {
        Client::new(self.address, method, path)
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.request("GET", path).send().expect("a response")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        let response = self.request("POST", path).body(body.to_string()).send();
        let response = response.expect("a response");
        assert_eq!(response.status, 200, "{}", self.log());
        response.json()
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }

    pub(crate) fn expect_log(&self, text: &str) {
        eventually(&format!("{text:?} in the log"), || self.log().contains(text));
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) {
        let process = Pid::from_child(&self.child);
        kill_process(process, Signal::TERM).expect("the signal is sent");
    }

    /// How it ended; waits for it.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("the end of the host", || {
            status = self.child.try_wait().expect("a status");
            status.is_some()
        });
        status.expect("a status")
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Fails when it has ended already.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}
