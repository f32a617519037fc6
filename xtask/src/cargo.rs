//! Runs cargo, and other programs.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

use crate::progress::Progress;
use crate::repository::root;

/// What the components are compiled for.
pub(crate) const WASM_TARGET: &str = "wasm32-wasip2";

/// Cargo, in the root of the repository.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs a command. Its standard error is shown when it fails, the last line while it runs.
pub(crate) fn run_captured(command: &mut Command, progress: &Progress) -> Result<()> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {:?}", command.get_program()))?;
    let mut output = String::new();
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).lines() {
            let line = line?;
            progress.detail(line.trim());
            output.push_str(&line);
            output.push('\n');
        }
    }
    if !child.wait()?.success() {
        progress.done();
        bail!("{}\n{output}", describe(command));
    }
    Ok(())
}

/// Runs a command with its output on ours. Fails when it does.
pub(crate) fn run_inherit(command: &mut Command) -> Result<()> {
    let status = status_of(command)?;
    if !status.success() {
        bail!("{}", describe(command));
    }
    Ok(())
}

/// Runs a command with its output on ours, to its end.
pub(crate) fn status_of(command: &mut Command) -> Result<ExitStatus> {
    command.status().with_context(|| format!("cannot run {:?}", command.get_program()))
}

/// `` `cargo build --release` failed``.
pub(crate) fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    format!("`{}` failed", words.join(" "))
}
