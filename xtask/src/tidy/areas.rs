//! The same areas in every layer: who knows one layer finds the way in the others.

use std::collections::BTreeSet;

/// The parts of the work.
const AREAS: [&str; 6] = ["audit", "bookings", "events", "payments", "queue", "worker"];
/// Layers that have every area, and nothing else in folders.
const WHOLE_LAYERS: [&str; 2] = ["crates/ledger/src/", "crates/sale/src/"];
/// Where scripts are called.
const SCRIPTS: &str = "crates/scripts/src/";
/// Folders of `crates/scripts/src` that are no area.
const NO_AREAS: [&str; 1] = ["fuzzing"];

/// Whether each layer has its areas. Those of the functions of Postgres are checked with them.
pub(super) fn check(paths: &[String]) -> Vec<String> {
    let mut complaints = check_scripts(paths);
    for layer in WHOLE_LAYERS {
        let found = areas(paths, layer, ".rs");
        let missing = AREAS.iter().filter(|area| !found.contains(*area));
        complaints.extend(missing.map(|area| format!("{layer}{area}: is missing")));
        let other = found.iter().filter(|area| !AREAS.contains(*area));
        complaints.extend(other.map(|area| format!("{layer}{area}: is none of {AREAS:?}")));
    }
    complaints
}

/// Scripts and their callers have the same areas, and each script is in one.
fn check_scripts(paths: &[String]) -> Vec<String> {
    let lua = areas(paths, "lua/", ".lua");
    let rust = areas(paths, SCRIPTS, ".rs");
    let mut complaints = Vec::new();
    for area in lua.iter().filter(|area| **area != "includes" && !rust.contains(*area)) {
        complaints.push(format!("lua/{area}: {SCRIPTS}{area} is missing"));
    }
    for area in rust.iter().filter(|area| !NO_AREAS.contains(area) && !lua.contains(*area)) {
        complaints.push(format!("{SCRIPTS}{area}: lua/{area} is missing"));
    }
    let astray = paths.iter().filter(|path| {
        path.strip_prefix("lua/").is_some_and(|rest| rest.matches('/').count() != 1)
    });
    complaints.extend(astray.map(|path| format!("{path}: is in no area of lua/")));
    complaints
}

/// The folders below `root` that have files of this kind.
fn areas<'a>(paths: &'a [String], root: &str, ending: &str) -> BTreeSet<&'a str> {
    let below = paths.iter().filter(|path| path.ends_with(ending));
    let below = below.filter_map(|path| path.strip_prefix(root)?.split_once('/'));
    below.map(|(area, _)| area).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every layer as it has to be, without the files that are left out.
    fn paths(left_out: &str, more: &[&str]) -> Vec<String> {
        let mut paths: Vec<_> =
            ["lua/includes/a.lua", "crates/scripts/src/lib.rs", "lua/queue/a.lua"].to_vec();
        paths.push("crates/scripts/src/queue/a.rs");
        paths.extend(more);
        let whole = WHOLE_LAYERS
            .iter()
            .flat_map(|layer| AREAS.iter().map(move |area| format!("{layer}{area}/a.rs")));
        let all = paths.iter().map(|path| (*path).to_owned()).chain(whole);
        all.filter(|path| path != left_out).collect()
    }

    #[test]
    fn a_missing_or_unknown_area_is_found_in_each_layer() {
        assert!(check(&paths("", &["crates/scripts/src/fuzzing/a.rs"])).is_empty());
        for (left_out, more, complaint) in [
            ("crates/scripts/src/queue/a.rs", "", "crates/scripts/src/queue is missing"),
            ("lua/queue/a.lua", "", "lua/queue is missing"),
            ("", "lua/a.lua", "lua/a.lua: is in no area"),
            ("crates/sale/src/worker/a.rs", "", "crates/sale/src/worker: is missing"),
            ("crates/ledger/src/audit/a.rs", "", "crates/ledger/src/audit: is missing"),
            ("", "crates/sale/src/misc/a.rs", "crates/sale/src/misc: is none of"),
        ] {
            let found = check(&paths(left_out, &[more]));
            assert_eq!(found.len(), 1, "{complaint}: {found:?}");
            assert!(found[0].contains(complaint), "{complaint}: {found:?}");
        }
    }
}
