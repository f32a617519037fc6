//! Builds of cargo, several at a time, and how far they are.

use std::collections::BTreeMap;
use std::io::{BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, bail};

use rustix::process::{Pid, setpriority_process};

use crate::cargo::describe;
use crate::progress::Progress;

/// A build by cargo.
pub(crate) struct Build {
    /// What is built, for people.
    pub(crate) what: &'static str,
    pub(crate) command: Command,
}

/// What one build has to say.
enum News {
    /// How far it is.
    State(String),
    /// It has ended.
    End(Result<()>),
}

/// What the build of the components is called.
pub(crate) const COMPONENTS: &str = "components";
/// Components are many small crates. The host ends with few large ones, each of which waits for the
/// one before, so it goes first: else a processor would be idle at the end.
const COMPONENTS_PRIORITY: i32 = 10;

/// Columns of cargo's bar and the names of crates after it.
const PROGRESS_WIDTH: &str = "120";

/// What cargo says when it cannot get a dependency, in any of several ways.
const NO_REGISTRY: [&str; 4] = [
    "failed to download",
    "failed to get `",
    "Unable to update registry",
    "spurious network error",
];

/// Runs all builds at once, to their ends. Fails with the output of the first that does; the others
/// are ended then.
pub(crate) fn compile(builds: Vec<Build>, progress: &Progress) -> Result<()> {
    let (sender, news) = channel();
    let mut running = Running::default();
    for build in builds {
        running.start(build, sender.clone())?;
    }
    drop(sender);
    let mut states = BTreeMap::new();
    let mut left = running.children.len();
    while left > 0 {
        let (what, item) = news.recv().context("a build ended without a word")?;
        match item {
            News::State(state) => {
                states.insert(what, state);
            }
            News::End(end) => {
                if end.is_err() {
                    progress.done();
                }
                end?;
                left -= 1;
                states.remove(what);
            }
        }
        let lines: Vec<String> =
            states.iter().map(|(what, state)| format!("{what}: {state}")).collect();
        progress.detail(&lines.join("; "));
    }
    Ok(())
}

/// Builds under way: none outlives this.
#[derive(Default)]
struct Running {
    children: Vec<Arc<Mutex<Child>>>,
    followers: Vec<JoinHandle<()>>,
}

impl Running {
    /// Starts a build and tells what it does.
    fn start(&mut self, build: Build, news: Sender<(&'static str, News)>) -> Result<()> {
        let Build { what, mut command } = build;
        // Cargo counts for terminals only, unless it is told to.
        command.env("CARGO_TERM_PROGRESS_WHEN", "always");
        command.env("CARGO_TERM_PROGRESS_WIDTH", PROGRESS_WIDTH).env("CARGO_TERM_COLOR", "never");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot run cargo")?;
        if what == COMPONENTS {
            // Without the right to ask for it, everything takes a little longer.
            let _ = setpriority_process(Some(Pid::from_child(&child)), COMPONENTS_PRIORITY);
        }
        let stderr = child.stderr.take().context("cargo has no standard error")?;
        let child = Arc::new(Mutex::new(child));
        self.children.push(Arc::clone(&child));
        self.followers.push(thread::spawn(move || {
            let end = follow(what, &command, stderr, &child, &news);
            // Nobody listens any more when another build has failed.
            let _ = news.send((what, News::End(end)));
        }));
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for child in &self.children {
            // One that has ended cannot be killed.
            let _ = child.lock().unwrap_or_else(PoisonError::into_inner).kill();
        }
        for follower in self.followers.drain(..) {
            // It waits for its child. If it panicked, its build has failed already.
            let _ = follower.join();
        }
    }
}

/// Follows a build to its end.
fn follow(
    what: &'static str,
    command: &Command,
    stderr: ChildStderr,
    child: &Mutex<Child>,
    news: &Sender<(&'static str, News)>,
) -> Result<()> {
    let mut output = String::new();
    let mut line = Vec::new();
    for byte in BufReader::new(stderr).bytes() {
        match byte? {
            // The bar ends with a carriage return, to be written over.
            end @ (b'\r' | b'\n') => {
                let text = String::from_utf8_lossy(&line).replace("\u{1b}[K", "");
                line.clear();
                if let Some(state) = read_bar(&text) {
                    let _ = news.send((what, News::State(state)));
                } else if end == b'\n' {
                    output.push_str(&text);
                    output.push('\n');
                    if !is_crate(&text) {
                        let _ = news.send((what, News::State(text.trim().to_owned())));
                    }
                }
            }
            byte => line.push(byte),
        }
    }
    // Its standard error is closed, so this takes no time in which somebody else needs the child.
    if !child.lock().unwrap_or_else(PoisonError::into_inner).wait()?.success() {
        bail!("{}\n{output}{}", describe(command), advice(&output));
    }
    Ok(())
}

/// Reads `Building [====>    ] 212/310: wasmtime, cranelift-codegen` into `212 of 310 (wasmtime,
/// cranelift-codegen)`.
fn read_bar(line: &str) -> Option<String> {
    let (verb, rest) = line.trim().split_once(" [")?;
    let (bar, rest) = rest.split_once(']')?;
    let rest = rest.trim();
    if !bar.chars().all(|part| "=> ".contains(part)) {
        return None;
    }
    if verb != "Building" {
        return Some(format!("{} {rest}", verb.to_lowercase()));
    }
    let (count, names) = rest.split_once(':').unwrap_or((rest, ""));
    let (done, all) = count.split_once('/')?;
    match names.trim() {
        "" => Some(format!("{done} of {all}")),
        names => Some(format!("{done} of {all} ({names})")),
    }
}

/// Whether the line names a crate that the bar counts.
fn is_crate(line: &str) -> bool {
    let verb = line.split_whitespace().next();
    matches!(verb, Some("Compiling" | "Checking"))
}

/// What to do about a failure that cargo explains to those who know it only.
fn advice(output: &str) -> &'static str {
    if NO_REGISTRY.into_iter().any(|words| output.contains(words)) {
        return "\nThe registry of the dependencies did not answer. Behind a proxy, set HTTPS_PROXY; \
                without a network, run `cargo fetch --locked` where there is one and bring \
                ~/.cargo/registry.";
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_of_cargo_is_read() {
        let bar = "    Building [======>                 ] 212/310: wasmtime, host";
        assert_eq!(read_bar(bar).as_deref(), Some("212 of 310 (wasmtime, host)"));
        let bar = "    Building [                         ] 0/310";
        assert_eq!(read_bar(bar).as_deref(), Some("0 of 310"));
        assert_eq!(read_bar("   Compiling host v0.0.0 (/source/host)"), None);
        assert_eq!(read_bar("    Finished `release` profile [optimized] target(s)"), None);
    }

    #[test]
    fn a_build_without_a_network_says_what_it_needs() {
        let output = "error: failed to download from `https://registry.example/…`";
        assert!(advice(output).contains("HTTPS_PROXY"));
        assert_eq!(advice("error[E0308]: mismatched types"), "");
    }

    #[test]
    fn a_failed_build_fails_with_its_output() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo 'error: no such thing' >&2; exit 1"]);
        let failed = compile(vec![Build { what: "programs", command }], &Progress::new());
        let message = failed.expect_err("it fails").to_string();
        assert!(message.contains("error: no such thing"), "{message}");
    }

    #[test]
    fn a_failed_build_ends_its_neighbour() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("pid");
        let shell = |script: String| {
            let mut command = Command::new("sh");
            command.args(["-c", &script]);
            command
        };
        let place = file.display();
        let neighbour = shell(format!("echo $$ > {place}; exec sleep 1000"));
        let failing = shell(format!("until [ -s {place} ]; do :; done; exit 1"));
        let builds = vec![
            Build { what: "neighbour", command: neighbour },
            Build { what: "failing", command: failing },
        ];
        compile(builds, &Progress::new()).expect_err("it fails");
        let pid = std::fs::read_to_string(&file).expect("the neighbour has begun");
        let process = std::path::Path::new("/proc").join(pid.trim());
        assert!(!process.exists(), "the neighbour still runs");
    }
}
