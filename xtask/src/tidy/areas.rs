//! The same areas in every layer: who knows one layer finds the way in the others.

use std::collections::BTreeSet;

/// A layer: what may be in its folder.
pub(super) struct Layer {
    /// The folder.
    pub(super) root: &'static str,
    /// Its areas, each of them present. In Rust one imports from those before it only.
    pub(super) areas: &'static [&'static str],
    /// Folders that are no area.
    others: &'static [&'static str],
    /// Files that are in no folder: what every area uses.
    flat: &'static [&'static str],
}

/// Every layer. The areas of the functions of Postgres are checked with them.
pub(super) const LAYERS: [Layer; 5] = [
    // No script for payments and for the worker: both are the business of Postgres. What belongs to
    // no event, keys of requests and rates, is the area `requests`, which Postgres does not have.
    Layer {
        root: "lua/",
        areas: &["requests", "bookings", "events", "queue", "audit"],
        others: &["includes"],
        flat: &[],
    },
    Layer {
        root: "crates/scripts/src/",
        areas: &["requests", "bookings", "events", "queue", "audit"],
        others: &["fuzzing"],
        flat: &["call.rs", "error.rs", "keys.rs", "lib.rs", "registry.rs"],
    },
    // Tickets are the business of Postgres alone, so that the door goes on while Redis is down.
    Layer {
        root: "crates/ledger/src/",
        areas: &["bookings", "tickets", "events", "queue", "payments", "people", "audit", "worker"],
        others: &[],
        flat: &["database.rs", "error.rs", "lib.rs", "ping.rs", "row.rs"],
    },
    // A booking needs an open event, so draining the journal is with the events: opening one that
    // was lost begins with it.
    Layer {
        root: "crates/sale/src/",
        areas: &["events", "queue", "bookings", "payments", "audit", "worker"],
        others: &[],
        flat: &["best_effort.rs", "lib.rs", "stores.rs", "throttled_log.rs"],
    },
    // Audits and the worker compare and repeat what others decide: they have no rules of their own.
    Layer {
        root: "crates/domain/src/",
        areas: &["events", "queue", "bookings", "tickets", "payments"],
        others: &["fuzzing", "token"],
        flat: &[
            "backoff.rs",
            "code.rs",
            "id.rs",
            "lib.rs",
            "money.rs",
            "rate.rs",
            "text.rs",
            "time.rs",
            "time_zone.rs",
            "token.rs",
        ],
    },
];

/// Whether each layer has its areas, and nothing beside them.
pub(super) fn check(paths: &[String]) -> Vec<String> {
    LAYERS.iter().flat_map(|layer| check_layer(layer, paths)).collect()
}

fn check_layer(layer: &Layer, paths: &[String]) -> Vec<String> {
    let Layer { root, areas, others, flat } = layer;
    let mut complaints = Vec::new();
    let mut found = BTreeSet::new();
    for place in paths.iter().filter_map(|path| path.strip_prefix(root)) {
        match place.split_once('/') {
            Some((area, rest)) => {
                found.insert(area);
                if *root == "lua/" && rest.contains('/') {
                    complaints.push(format!("{root}{place}: is in a folder of an area"));
                }
            }
            None if flat.contains(&place) => {}
            None => complaints.push(format!(
                "{root}{place}: is in none of {areas:?}. What every area uses is named in {}",
                file!()
            )),
        }
    }
    let missing = areas.iter().filter(|area| !found.contains(*area));
    complaints.extend(missing.map(|area| format!("{root}{area}: is missing")));
    let other = found.iter().filter(|area| !areas.contains(area) && !others.contains(area));
    complaints.extend(other.map(|area| format!("{root}{area}: is none of {areas:?}")));
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every layer as it has to be, without the files below `left_out`, and with `more`.
    fn complaints(left_out: &[&str], more: &[&str]) -> Vec<String> {
        let areas = LAYERS
            .iter()
            .flat_map(|layer| layer.areas.iter().map(|area| format!("{}{area}/a.rs", layer.root)));
        let flat = LAYERS
            .iter()
            .flat_map(|layer| layer.flat.iter().map(|file| format!("{}{file}", layer.root)));
        let all = areas.chain(flat).chain(more.iter().map(|path| (*path).to_owned()));
        let is_in = |path: &String| !left_out.iter().any(|out| path.starts_with(out));
        check(&all.filter(is_in).collect::<Vec<_>>())
    }

    #[test]
    fn a_missing_or_unknown_area_is_found_in_each_layer() {
        let fine = ["crates/scripts/src/fuzzing/a.rs", "lua/includes/a.lua", "xtask/src/a.rs"];
        assert_eq!(complaints(&[], &fine), Vec::<String>::new());
        for layer in &LAYERS {
            for area in layer.areas {
                let gone = format!("{}{area}/", layer.root);
                let found = complaints(&[&gone], &[]);
                assert_eq!(found, [format!("{}{area}: is missing", layer.root)]);
            }
            let found = complaints(&[], &[&format!("{}misc/a.rs", layer.root)]);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains("misc: is none of"), "{found:?}");
        }
    }

    #[test]
    fn an_area_that_goes_from_scripts_and_their_callers_together_is_found() {
        let found = complaints(&["lua/queue/", "crates/scripts/src/queue/"], &[]);
        assert_eq!(found, ["lua/queue: is missing", "crates/scripts/src/queue: is missing"]);
    }

    #[test]
    fn a_step_that_is_in_no_area_is_found() {
        for layer in &LAYERS {
            let found = complaints(&[], &[&format!("{}sell_seats.rs", layer.root)]);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains("sell_seats.rs: is in none of"), "{found:?}");
        }
        let found = complaints(&[], &["lua/queue/more/a.lua"]);
        assert_eq!(found, ["lua/queue/more/a.lua: is in a folder of an area"]);
    }
}
