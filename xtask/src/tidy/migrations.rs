//! Migrations never change: a database that has one would not get the change.

use std::collections::BTreeMap;

use super::sql::File;

const SCHEMA: &str = "infra/postgres/";
/// The digest of every migration, in the form of `sha256sum`.
const DIGESTS: &str = "infra/postgres/migrations.sha256";

/// Whether every migration is as it was when its digest was written down.
pub(super) fn check(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    let digests = files.iter().find(|file| file.path == DIGESTS).map_or("", |file| &file.text);
    let mut known: BTreeMap<&str, &str> =
        digests.lines().filter_map(|line| line.split_once("  ").map(|(it, at)| (at, it))).collect();
    for File { path, text } in files {
        let Some(place) = path.strip_prefix(SCHEMA) else { continue };
        if !place.starts_with("migrations/") {
            continue;
        }
        let digest = stack::sha256_hex(text);
        match known.remove(place) {
            None => complaints.push(format!("{DIGESTS}: add this line: {digest}  {place}")),
            Some(before) if before != digest => complaints.push(format!(
                "{path}: has changed. A database that has it would stay as it is: write a new one"
            )),
            Some(_) => {}
        }
    }
    let gone = known.keys().map(|place| {
        format!("{SCHEMA}{place}: is gone. A database that has it could not be migrated any more")
    });
    complaints.extend(gone);
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(files: &[(&str, &str)], digests: &str) -> String {
        let file = |(path, text): (&str, &str)| File { path: path.into(), text: text.into() };
        let files = files.iter().copied().chain([(DIGESTS, digests)]);
        check(&files.map(file).collect::<Vec<_>>()).join("\n")
    }

    #[test]
    fn a_migration_that_changes_or_goes_is_found() {
        let v1 = ("infra/postgres/migrations/V1__a.sql", "CREATE TABLE a ();");
        let line = format!("{}  migrations/V1__a.sql", stack::sha256_hex(v1.1));
        assert_eq!(complaints(&[v1], &line), "");
        assert!(complaints(&[(v1.0, "CREATE TABLE b ();")], &line).contains("has changed"));
        assert!(complaints(&[], &line).contains("is gone"));
        assert!(complaints(&[v1], "").contains(&format!("add this line: {line}")));
        assert_eq!(complaints(&[v1, ("infra/postgres/functions/a.sql", "")], &line), "");
    }
}
