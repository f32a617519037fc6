//! Who may depend on whom.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::cargo::cargo;

/// What a guest must never pull in: it would not compile, or tie it to one way of running.
const NOT_IN_GUESTS: [&str; 6] = ["host", "stack", "rush", "tokio", "wasmtime", "tokio-postgres"];

/// The pure crates, and what would make them impure.
const PURE: [&str; 1] = ["domain"];
const NOT_IN_PURE: [&str; 5] = ["spin-sdk", "wasip3", "tokio", "http", "jiff"];

/// Everything cargo knows about the packages of this workspace.
pub(super) fn metadata() -> Result<Value> {
    let mut command = cargo();
    command.args(["metadata", "--format-version", "1", "--locked"]);
    let output = command.output().context("cannot run cargo")?;
    ensure!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

pub(super) fn check(metadata: &Value, components: &[String]) -> Result<Vec<String>> {
    let graph = Graph::read(metadata)?;
    let mut complaints = Vec::new();
    for guest in components.iter().map(String::as_str).chain(["guest", "scripts", "cluster"]) {
        complaints.extend(graph.forbidden(guest, &NOT_IN_GUESTS));
    }
    for pure in PURE {
        complaints.extend(graph.forbidden(pure, &NOT_IN_PURE));
    }
    complaints.extend(untested(metadata, components)?);
    Ok(complaints)
}

/// Every member is either a guest or among the default members, which `cargo xtask test` runs.
fn untested(metadata: &Value, components: &[String]) -> Result<Vec<String>> {
    let ids = |field: &str| -> Result<BTreeSet<&str>> {
        let list = metadata[field].as_array().with_context(|| format!("no {field}"))?;
        Ok(list.iter().filter_map(Value::as_str).collect())
    };
    let names = names(metadata)?;
    let (members, native) = (ids("workspace_members")?, ids("workspace_default_members")?);
    let guests = |name: &str| name == "guest" || components.iter().any(|it| it == name);
    let left_out = members.difference(&native).filter_map(|id| names.get(id));
    let left_out = left_out.filter(|name| !guests(name));
    Ok(left_out.map(|name| format!("Cargo.toml: {name} is not in default-members")).collect())
}

/// Which package needs which to run, by name.
struct Graph<'a> {
    edges: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Graph<'a> {
    fn read(metadata: &'a Value) -> Result<Self> {
        let names = names(metadata)?;
        let nodes = metadata["resolve"]["nodes"].as_array().context("no resolved packages")?;
        let mut edges: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for node in nodes {
            let id = node["id"].as_str().context("a package without id")?;
            let from = names.get(id).context("an unknown package")?;
            let dependencies = node["deps"].as_array().map(Vec::as_slice).unwrap_or_default();
            for dependency in dependencies.iter().filter(|it| is_needed_to_run(it)) {
                let id = dependency["pkg"].as_str().unwrap_or_default();
                edges.entry(*from).or_default().extend(names.get(id));
            }
        }
        Ok(Self { edges })
    }

    /// What the package needs, directly or not, that it must not.
    fn forbidden(&self, package: &str, forbidden: &[&str]) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![package];
        let mut complaints = Vec::new();
        while let Some(name) = waiting.pop() {
            for next in self.edges.get(name).into_iter().flatten() {
                if !seen.insert(*next) {
                    continue;
                }
                if forbidden.contains(next) {
                    complaints.push(format!("{package} depends on {next} (through {name})"));
                } else {
                    waiting.push(next);
                }
            }
        }
        complaints
    }
}

/// Not only for tests or build scripts, and not only for another target than WebAssembly.
fn is_needed_to_run(dependency: &Value) -> bool {
    let kinds = dependency["dep_kinds"].as_array().map(Vec::as_slice).unwrap_or_default();
    kinds.iter().any(|kind| {
        let target = kind["target"].as_str().unwrap_or_default();
        kind["kind"].is_null() && !target.contains("not(target_arch = \"wasm32\")")
    })
}

fn names(metadata: &Value) -> Result<BTreeMap<&str, &str>> {
    let packages = metadata["packages"].as_array().context("no packages")?;
    let names = packages.iter().filter_map(|it| Some((it["id"].as_str()?, it["name"].as_str()?)));
    Ok(names.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// reserve → guest → tokio, the latter of the given kind.
    fn metadata_with(kind: Value, native: Value) -> Value {
        let names = ["reserve", "guest", "tokio"];
        let dependency = |to: &str, kind: &Value| json!({"pkg": to, "dep_kinds": [{"kind": kind, "target": null}]});
        json!({
            "packages": names.map(|name| json!({"id": name, "name": name})),
            "workspace_members": ["reserve", "guest"],
            "workspace_default_members": native,
            "resolve": {"nodes": [
                {"id": "reserve", "deps": [dependency("guest", &Value::Null)]},
                {"id": "guest", "deps": [dependency("tokio", &kind)]},
            ]},
        })
    }

    #[test]
    fn a_guest_that_needs_tokio_is_found_however_deep() {
        let components = ["reserve".to_owned()];
        let found = check(&metadata_with(Value::Null, json!([])), &components).expect("is read");
        assert_eq!(
            found,
            ["reserve depends on tokio (through guest)", "guest depends on tokio (through guest)"]
        );
        let for_tests = metadata_with(json!("dev"), json!([]));
        assert_eq!(check(&for_tests, &components).expect("is read"), Vec::<String>::new());
    }

    #[test]
    fn a_member_that_no_test_run_covers_is_found() {
        let found = untested(&metadata_with(json!("dev"), json!([])), &[]).expect("is read");
        assert_eq!(found, ["Cargo.toml: reserve is not in default-members"]);
        let native = metadata_with(json!("dev"), json!(["reserve"]));
        assert_eq!(untested(&native, &[]).expect("is read"), Vec::<String>::new());
    }
}
