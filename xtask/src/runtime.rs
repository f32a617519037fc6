//! Chooses what runs spin.toml.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::ValueEnum;
use stack::{Runtime, find_program};

/// The first version that runs WASI 0.3 components as its own.
const SPIN_VERSION: (u64, u64) = (4, 1);

/// The plugin that runs the worker every second.
const CRON_PLUGIN: &str = "trigger-cron";

/// `--runtime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RuntimeName {
    /// The host of this repository.
    Host,
    /// Spin 4.1 or newer with the plugin trigger-cron.
    Spin,
}

/// Spin where it was asked for, or can run this and nothing was asked for. `None`: the host, which
/// has to be built.
pub(crate) fn choose_spin(wanted: Option<RuntimeName>) -> Result<Option<Runtime>> {
    let spin = find_program("spin", std::iter::empty());
    let use_spin = match (wanted, &spin) {
        (Some(RuntimeName::Host), _) | (None, None) => None,
        (Some(RuntimeName::Spin), spin) => Some(spin.clone().context(
            "there is no `spin` on PATH: install it as https://spinframework.dev says, then \
             `spin plugins install trigger-cron`; or use `--runtime host`",
        )?),
        (None, Some(spin)) => can_run_this(spin).then(|| spin.clone()),
    };
    Ok(use_spin.map(Runtime::Spin))
}

/// The host, which is built beside this tool.
pub(crate) fn host() -> Result<Runtime> {
    Ok(Runtime::Host(stack::beside_this_program("host")?))
}

fn can_run_this(spin: &Path) -> bool {
    let output = |words: &[&str]| {
        let output = Command::new(spin).args(words).output();
        output.map_or_else(|_| String::new(), |it| String::from_utf8_lossy(&it.stdout).into_owned())
    };
    is_new_enough(&output(&["--version"])) && has_cron(&output(&["plugins", "list", "--installed"]))
}

/// Reads `spin 4.1.0 (abcdef 2026-08-21)`.
fn is_new_enough(text: &str) -> bool {
    let mut numbers = text.split_whitespace().nth(1).unwrap_or_default().split('.');
    let mut next = || numbers.next().and_then(|number| number.parse::<u64>().ok());
    matches!((next(), next()), (Some(major), Some(minor)) if (major, minor) >= SPIN_VERSION)
}

/// Reads lines such as `trigger-cron 0.6.2 [installed]`.
fn has_cron(text: &str) -> bool {
    text.lines().any(|line| line.split_whitespace().next() == Some(CRON_PLUGIN))
}

/// For messages: the path of the program.
pub(crate) fn program(runtime: &Runtime) -> &PathBuf {
    match runtime {
        Runtime::Host(program) | Runtime::Spin(program) => program,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spin_must_be_4_1_or_newer() {
        for text in ["spin 4.1.0 (abc 2026-08-21)", "spin 4.2.1", "spin 5.0.0-pre0 (a b)"] {
            assert!(is_new_enough(text), "{text}");
        }
        for text in ["spin 4.0.2 (abc 2026-01-01)", "spin 3.9.9", "", "spin", "spin four"] {
            assert!(!is_new_enough(text), "{text}");
        }
    }

    #[test]
    fn the_cron_plugin_must_be_installed() {
        assert!(has_cron("otel 1.0.0 [installed]\ntrigger-cron 0.6.2 [installed]\n"));
        assert!(!has_cron("otel 1.0.0 [installed]\n"));
        assert!(!has_cron("No plugins to display\n"));
    }
}
