//! Which crate may depend on which.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::cargo::{WASM_TARGET, cargo};

/// What a guest must never pull in: it would not compile, or tie it to one way of running.
const NOT_IN_GUESTS: [&str; 6] = ["host", "stack", "rush", "tokio", "wasmtime", "tokio-postgres"];

/// The crates without input and output, and what would give them some.
const PURE: [&str; 1] = ["domain"];
const NOT_IN_PURE: [&str; 5] = ["spin-sdk", "wasip3", "tokio", "http", "axum"];

/// The glue that all components share.
const GLUE: &str = "guest";

pub(super) fn run(components: &[String]) -> Result<Vec<String>> {
    let mut guests: Vec<&str> = components.iter().map(String::as_str).collect();
    guests.push(GLUE);
    let mut complaints = forbidden("the components", &needed_by(&guests)?, &NOT_IN_GUESTS);
    for pure in PURE {
        complaints.extend(forbidden(pure, &needed_by(&[pure])?, &NOT_IN_PURE));
    }
    complaints.extend(untested(&metadata()?, components)?);
    Ok(complaints)
}

/// What these packages need to run as guests, themselves included: one `name version` a line.
/// They are resolved alone, so features that only native programs ask for do not count.
fn needed_by(packages: &[&str]) -> Result<String> {
    let mut command = cargo();
    command.args(["tree", "--locked", "--target", WASM_TARGET, "--edges", "normal"]);
    command.args(["--prefix", "none", "--format", "{p}"]);
    for package in packages {
        command.args(["--package", package]);
    }
    let output = command.output().context("cannot run cargo tree")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn forbidden(who: &str, tree: &str, forbidden: &[&str]) -> Vec<String> {
    let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    let found = forbidden.iter().filter(|name| names.contains(*name));
    found
        .map(|name| {
            format!("{who} depend on {name}: see `cargo tree --target {WASM_TARGET} -i {name}`")
        })
        .collect()
}

fn metadata() -> Result<Value> {
    let mut command = cargo();
    command.args(["metadata", "--format-version", "1", "--no-deps"]);
    let output = command.output().context("cannot run cargo metadata")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Every member is either a guest or among the default members, which `cargo xtask test` runs.
fn untested(metadata: &Value, components: &[String]) -> Result<Vec<String>> {
    let packages = metadata["packages"].as_array().context("no packages")?;
    let native = metadata["workspace_default_members"].as_array().context("no default members")?;
    let is_guest = |name: &str| name == GLUE || components.iter().any(|it| it == name);
    let mut complaints = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        if !native.contains(&package["id"]) && !is_guest(name) {
            complaints.push(format!("Cargo.toml: {name} is not in default-members"));
        }
    }
    Ok(complaints)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_must_not_be_there_is_found_by_its_whole_name() {
        let tree = "reserve v0.0.0 (/components/reserve)\nguest v0.0.0\ntokio-macros v2.0.0\n";
        assert_eq!(forbidden("the components", tree, &NOT_IN_GUESTS), Vec::<String>::new());
        let tree = format!("{tree}tokio v1.54.0\n");
        let found = forbidden("the components", &tree, &NOT_IN_GUESTS);
        assert!(found[0].starts_with("the components depend on tokio"), "{found:?}");
    }

    #[test]
    fn a_member_that_no_test_run_covers_is_found() {
        let package = |name: &str| json!({"id": name, "name": name});
        let names = ["domain", "reserve", "guest", "forgotten"];
        let metadata = json!({
            "packages": names.map(package),
            "workspace_default_members": ["domain"],
        });
        let found = untested(&metadata, &["reserve".to_owned()]).expect("is read");
        assert_eq!(found, ["Cargo.toml: forgotten is not in default-members"]);
    }
}
