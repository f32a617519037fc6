//! Nothing heavy is compiled twice: tests have the features of dependencies that programs have.
//!
//! Cargo compiles a crate anew for each set of its features, and whatever needs that crate with it.
//! All native commands select the default members, so they agree, but for one difference:
//! dev-dependencies count in a build of tests only.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};

use crate::cargo::cargo;

/// The features with which one version of a crate is compiled; several where build scripts and
/// programs differ.
type Features<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// Between a crate and its features.
const SEPARATOR: char = '|';

pub(super) fn run() -> Result<Vec<String>> {
    Ok(compare(&tree("normal,build")?, &tree("normal,build,dev")?))
}

/// What the default members need, one `name version|features` a line.
fn tree(edges: &str) -> Result<String> {
    let mut command = cargo();
    command.args(["tree", "--locked", "--edges", edges, "--prefix", "none"]);
    command.args(["--format", &format!("{{p}}{SEPARATOR}{{f}}")]);
    let output = command.output().context("cannot run cargo tree")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn compare(programs: &str, tests: &str) -> Vec<String> {
    let tests = read(tests);
    let differ = read(programs).into_iter().filter(|(name, set)| tests.get(name) != Some(set));
    let mut complaints = Vec::new();
    for (name, programs) in differ {
        let tests = tests.get(name).cloned().unwrap_or_default();
        let only = tests.difference(&programs).chain(programs.difference(&tests));
        let sets: Vec<&str> = only.copied().collect();
        complaints.push(format!(
            "{name} is compiled twice, for the programs and for the tests: a dev-dependency asks \
             for other features ({}); ask for them in [workspace.dependencies]",
            sets.join(" and ")
        ));
    }
    complaints
}

fn read(tree: &str) -> Features<'_> {
    let mut features = Features::new();
    for line in tree.lines() {
        let Some((name, set)) = line.split_once(SEPARATOR) else { continue };
        features.entry(name).or_default().insert(set.trim_end_matches(" (*)"));
    }
    features
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_for_tests_only_is_found() {
        let programs = "host v0.0.0|\ntokio v1.54.0|fs,rt\ntokio v1.54.0|fs,rt (*)\n";
        let tests = "host v0.0.0|\ntokio v1.54.0|fs,rt\nproptest v1.0.0|std\n";
        assert_eq!(compare(programs, tests), Vec::<String>::new());
        let tests = "host v0.0.0|\ntokio v1.54.0|fs,rt,test-util\n";
        let found = compare(programs, tests);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("tokio v1.54.0 is compiled twice"), "{found:?}");
    }
}
