//! Areas of a layer import one another in one direction, so that each can be read without those
//! after it.

use std::collections::BTreeMap;

use super::areas::{LAYERS, Layer};
use super::sql::File;

/// Whether this check reads the file.
pub(super) fn is_checked(path: &str) -> bool {
    path.ends_with(".rs") && LAYERS.iter().any(|layer| path.starts_with(layer.root))
}

/// What is imported from an area that comes later in its layer.
pub(super) fn check(files: &[File]) -> Vec<String> {
    LAYERS.iter().flat_map(|layer| check_layer(layer, files)).collect()
}

fn check_layer(layer: &Layer, files: &[File]) -> Vec<String> {
    let files: Vec<(&str, &File)> =
        files.iter().filter_map(|file| Some((file.path.strip_prefix(layer.root)?, file))).collect();
    let homes = homes(layer, &files);
    let rank = |area: &str| layer.areas.iter().position(|known| *known == area);
    let mut complaints = Vec::new();
    for (place, File { path, text }) in &files {
        let Some((area, _)) = place.split_once('/') else { continue };
        let Some(own) = rank(area) else { continue };
        for import in paths_after(text, "crate::") {
            let first = import.split("::").next().unwrap_or_default();
            let from = rank(first).map(|_| first).or_else(|| homes.get(first).copied());
            let Some(from) = from else { continue };
            if rank(from).is_some_and(|from| from > own) {
                complaints.push(format!(
                    "{path}: {area} imports {import} of {from}, which comes after it in {:?}",
                    layer.areas
                ));
            }
        }
    }
    complaints
}

/// The area of each name that the root of the layer exports.
fn homes<'a>(layer: &Layer, files: &[(&str, &'a File)]) -> BTreeMap<String, &'a str>
where
    'static: 'a,
{
    let mut homes = BTreeMap::new();
    for (place, file) in files {
        // `pub use <area>::name` in lib.rs, and everything that an area exports.
        let area = place
            .strip_suffix("/mod.rs")
            .and_then(|it| layer.areas.iter().copied().find(|area| *area == it));
        if *place != "lib.rs" && area.is_none() {
            continue;
        }
        for export in paths_after(&file.text, "pub use ") {
            let names: Vec<&str> = export.split("::").collect();
            let (Some(first), Some(last)) = (names.first(), names.last()) else { continue };
            let area = area.or_else(|| layer.areas.iter().copied().find(|area| area == first));
            if let Some(area) = area {
                homes.insert((*last).to_owned(), area);
            }
        }
    }
    homes
}

/// Every path that stands behind `beginning`, with braces written out: `a::{b, c::d}` is `a::b` and
/// `a::c::d`. Comments are left out.
fn paths_after(text: &str, beginning: &str) -> Vec<String> {
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let code: Vec<&str> = text.lines().filter(is_code).collect();
    let code = code.join(" ");
    let mut paths = Vec::new();
    for (at, _) in code.match_indices(beginning) {
        write_out("", &code[at + beginning.len()..], &mut paths);
    }
    paths
}

/// Takes one path from the beginning of `text`; returns what follows it.
fn write_out<'a>(before: &str, text: &'a str, paths: &mut Vec<String>) -> &'a str {
    let is_path = |it: char| it.is_alphanumeric() || "_:*".contains(it);
    let text = text.trim_start();
    let end = text.find(|it: char| !is_path(it)).unwrap_or(text.len());
    let (path, mut rest) = text.split_at(end);
    let path = format!("{before}{path}");
    let Some(inner) = rest.strip_prefix('{').filter(|_| path.is_empty() || path.ends_with("::"))
    else {
        paths.push(path);
        return rest;
    };
    rest = inner;
    loop {
        rest = write_out(&path, rest, paths).trim_start();
        match rest.strip_prefix(',') {
            Some(next) if !next.trim_start().starts_with('}') => rest = next,
            Some(next) => rest = next.trim_start(),
            None => return rest.strip_prefix('}').unwrap_or(rest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALE: &str = "crates/sale/src/";

    fn complaints(path: &str, text: &str) -> String {
        let files = [
            ("lib.rs", "pub use worker::*;\npub use bookings::reserve::hold;"),
            ("worker/mod.rs", "pub use report::{Job, TickReport};\n// pub use a::Stores;"),
            (path, text),
        ];
        let file = |(place, text): &(&str, &str)| File {
            path: format!("{SALE}{place}"),
            text: (*text).to_owned(),
        };
        check(&files.iter().map(file).collect::<Vec<_>>()).join("\n")
    }

    #[test]
    fn an_import_against_the_order_of_the_areas_is_found() {
        for (path, text, found) in [
            ("payments/a.rs", "use crate::worker::report::Job;", "payments imports worker::report"),
            ("payments/a.rs", "use crate::{Job, Stores};", "payments imports Job of worker"),
            ("payments/a.rs", "fn a() { crate::worker::tick(); }", "imports worker::tick"),
            ("events/a.rs", "use crate::{\n  bookings::{marks, b::c},\n};", "bookings::b::c"),
            ("events/a.rs", "pub(crate) use crate::hold;", "events imports hold of bookings"),
        ] {
            let complaints = complaints(path, text);
            assert!(complaints.contains(found), "{text}: {complaints}");
        }
        for (path, text) in [
            ("worker/a.rs", "use crate::{Stores, payments::{record, settle}};"),
            ("payments/a.rs", "use crate::payments::a;\nuse crate::bookings::b;"),
            ("payments/a.rs", "/// See [`a`](crate::worker::a).\nuse crate::Stores;"),
            ("lib.rs", "use crate::worker::a;"),
        ] {
            assert_eq!(complaints(path, text), "", "{text}");
        }
    }
}
