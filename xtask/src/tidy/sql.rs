//! The functions of Postgres: where each is, how it is protected, who may call it, and that what
//! the crate `ledger` calls is there.

use std::collections::{BTreeMap, BTreeSet};

use stack::FUNCTION_AREAS;

const SCHEMA: &str = "infra/postgres/";
/// The functions and rights of the release before, which the upgrade test starts from.
const RELEASE_BEFORE: &str = "crates/ledger/tests/release_before/";
const CREATE: &str = "CREATE OR REPLACE FUNCTION boxoffice.";
/// Says why a function runs with the rights of its caller.
const EXCEPTION: &str = "-- No SECURITY DEFINER: ";

/// A file of the repository.
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
}

/// Whether this check reads the file.
pub(super) fn is_checked(path: &str) -> bool {
    [SCHEMA, RELEASE_BEFORE, "crates/ledger/src/"].iter().any(|root| path.starts_with(root))
}

/// What is wrong with the files of `infra/postgres`, and with what `crates/ledger` calls of them.
pub(super) fn check(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut functions: BTreeMap<&str, usize> = BTreeMap::new();
    let mut areas = BTreeSet::new();
    for File { path, text } in files {
        let Some(place) = path.strip_prefix(SCHEMA) else { continue };
        if let Some(place) = place.strip_prefix("functions/").filter(|it| it.ends_with(".sql")) {
            let (area, name) = place.split_once('/').unwrap_or_default();
            areas.insert(area);
            if !FUNCTION_AREAS.contains(&area) {
                complaints.push(format!("{path}: is in none of {FUNCTION_AREAS:?}"));
            }
            let name = name.trim_end_matches(".sql");
            complaints.extend(check_function(path, name, text));
            let arity = parameters(text, name).map_or(0, |parameters| parameters.len());
            if functions.insert(name, arity).is_some() {
                complaints.push(format!("{path}: another file defines {name} too"));
            }
        } else if upper(text).contains("FUNCTION BOXOFFICE.") && !place.starts_with("functions/") {
            complaints.push(format!("{path}: has a function, which belongs into functions/"));
        }
    }
    for area in FUNCTION_AREAS.iter().filter(|area| !areas.contains(*area)) {
        complaints.push(format!("{SCHEMA}functions/{area}: is missing"));
    }
    let calls = calls(files);
    complaints.extend(check_calls(&calls, &functions));
    let grants = text_of(files, SCHEMA, "grants.sql");
    let before = list(text_of(files, RELEASE_BEFORE, "grants.sql"), "steps");
    complaints.extend(check_grants(grants, &before, &functions, &calls));
    complaints.extend(check_dropped(text_of(files, SCHEMA, "functions/dropped.txt"), files));
    complaints
}

fn text_of<'a>(files: &'a [File], root: &str, name: &str) -> &'a str {
    let path = format!("{root}{name}");
    files.iter().find(|file| file.path == path).map_or("", |file| &file.text)
}

fn check_function(path: &str, name: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let defined: Vec<_> = text.match_indices(CREATE).map(|(at, _)| word(text, at)).collect();
    if defined != [name] {
        complaints.push(format!("{path}: defines {defined:?} instead of {name}"));
    }
    if upper(text).matches("CREATE FUNCTION").count() > 0 {
        complaints.push(format!("{path}: must say CREATE OR REPLACE"));
    }
    if !text.starts_with("-- ") {
        complaints.push(format!("{path}: does not begin with what it does"));
    }
    if text.lines().any(|line| line.starts_with(EXCEPTION)) {
        if text.contains("\nSECURITY DEFINER\n") {
            complaints.push(format!("{path}: gives a reason for no SECURITY DEFINER, and has it"));
        }
    } else {
        for clause in ["SECURITY DEFINER", "SET search_path = boxoffice, pg_temp"] {
            if !text.contains(&format!("\n{clause}\n")) {
                complaints.push(format!("{path}: no {clause}"));
            }
        }
    }
    complaints
}

/// The name of the function whose definition begins at `at`.
fn word(text: &str, at: usize) -> &str {
    let rest = &text[at + CREATE.len()..];
    let end = rest.find(|it: char| !it.is_ascii_alphanumeric() && it != '_');
    &rest[..end.unwrap_or(rest.len())]
}

fn upper(text: &str) -> String {
    text.to_uppercase()
}

/// What a caller of a function gives: the types of its parameters.
fn parameters(text: &str, name: &str) -> Option<Vec<String>> {
    let (_, rest) = text.split_once(&format!("{CREATE}{name}("))?;
    let given = arguments(rest)?.into_iter().filter(|parameter| !parameter.starts_with("OUT "));
    let kind = |parameter: String| {
        parameter.split_once(' ').map_or_else(|| parameter.clone(), |(_, kind)| kind.to_owned())
    };
    Some(given.map(kind).collect())
}

/// What stands between here and the parenthesis that closes, at each comma of this level.
fn arguments(text: &str) -> Option<Vec<String>> {
    let mut depth = 0;
    let mut arguments = vec![String::new()];
    for letter in text.chars() {
        match letter {
            ')' | ']' if depth == 0 => {
                let trimmed = arguments.iter().map(|it| words(it)).filter(|it| !it.is_empty());
                return Some(trimmed.collect());
            }
            ',' if depth == 0 => {
                arguments.push(String::new());
                continue;
            }
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        arguments.last_mut()?.push(letter);
    }
    None
}

/// The words of a text, without line breaks of Rust and SQL.
fn words(text: &str) -> String {
    text.replace('\\', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A call in the crate `ledger`.
struct Call<'a> {
    path: &'a str,
    name: String,
    arity: usize,
    /// Whether it names the columns that it reads.
    names_columns: bool,
}

fn calls(files: &[File]) -> Vec<Call<'_>> {
    let mut calls = Vec::new();
    for File { path, text } in files.iter().filter(|file| file.path.ends_with(".rs")) {
        for (at, found) in text.match_indices("boxoffice.") {
            let (before, part) = (words(&text[..at]), &text[at + found.len()..]);
            let Some((name, rest)) = part.split_once('(') else { continue };
            let is_name = |it: char| it.is_ascii_alphanumeric() || it == '_';
            if !name.chars().all(is_name) {
                continue;
            }
            let arity = arguments(rest).unwrap_or_default().len();
            let names_columns = before.ends_with(" FROM") && !before.ends_with("SELECT * FROM");
            calls.push(Call { path, name: name.to_owned(), arity, names_columns });
        }
    }
    calls
}

fn check_calls(calls: &[Call<'_>], functions: &BTreeMap<&str, usize>) -> Vec<String> {
    let mut complaints = Vec::new();
    for Call { path, name, arity, names_columns } in calls {
        if !names_columns {
            complaints.push(format!(
                "{path}: calls {name} without SELECT columns FROM: a later one may return more"
            ));
        }
        match functions.get(name.as_str()) {
            None => complaints.push(format!("{path}: calls {name}, which no file defines")),
            Some(takes) if takes != arity => {
                complaints.push(format!("{path}: gives {name} {arity} parameters, not {takes}"));
            }
            Some(_) => {}
        }
    }
    complaints
}

/// A list of functions in `grants.sql`.
fn list<'a>(grants: &'a str, name: &str) -> BTreeSet<&'a str> {
    let list = grants.split_once(&format!("{name} CONSTANT text[] := ARRAY["));
    let list = list.and_then(|(_, rest)| rest.split_once(']')).unwrap_or_default().0;
    list.split('\'').skip(1).step_by(2).collect()
}

/// Every function is a step, which `ledger` calls, a step that only the release before calls (of
/// `before`), or internal.
fn check_grants(
    text: &str,
    before: &BTreeSet<&str>,
    functions: &BTreeMap<&str, usize>,
    calls: &[Call<'_>],
) -> Vec<String> {
    let path = format!("{SCHEMA}grants.sql");
    let lists = ["steps", "steps_before", "internal"].map(|name| (name, list(text, name)));
    let [(_, steps), (_, steps_before), (_, internal)] = &lists;
    let called: BTreeSet<&str> = calls.iter().map(|call| call.name.as_str()).collect();
    let mut complaints = Vec::new();
    for name in functions.keys() {
        let found = lists.iter().filter(|(_, list)| list.contains(name)).map(|(list, _)| *list);
        let is_called = called.contains(name);
        match found.collect::<Vec<_>>()[..] {
            [] => complaints.push(format!("{path}: {name} is in no list")),
            ["steps"] if !is_called => {
                complaints.push(format!("{path}: {name} is a step that `ledger` does not call"));
            }
            ["steps_before" | "internal"] if is_called => {
                complaints.push(format!("{path}: `ledger` calls {name}, which is not in steps"));
            }
            // Without its right the application of the release before fails until it is replaced.
            ["internal"] if before.contains(name) => complaints.push(format!(
                "{path}: the release before calls {name}, which belongs into steps_before"
            )),
            ["steps_before"] if !before.contains(name) => complaints.push(format!(
                "{path}: no release calls {name} any more: it is internal, or its file goes"
            )),
            [_] => {}
            ref more => complaints.push(format!("{path}: {name} is in several lists: {more:?}")),
        }
    }
    let listed = steps.iter().chain(steps_before).chain(internal);
    for name in listed.filter(|name| !functions.contains_key(*name)) {
        complaints.push(format!("{path}: {name} is no function"));
    }
    complaints
}

/// What is dropped is not defined by a file.
fn check_dropped(text: &str, files: &[File]) -> Vec<String> {
    let path = format!("{SCHEMA}functions/dropped.txt");
    let mut complaints = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let Some((name, kinds)) =
            line.split_once('(').and_then(|(name, rest)| Some((name, arguments(rest)?)))
        else {
            complaints.push(format!("{path}: {line} is no signature"));
            continue;
        };
        let is_defined = |file: &File| parameters(&file.text, name) == Some(kinds.clone());
        if files.iter().any(is_defined) {
            complaints.push(format!("{path}: {line} is still defined"));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: &str = "-- Sells.\nCREATE OR REPLACE FUNCTION boxoffice.sell(\n    \
        p_id text, p_seats text[], p_price numeric(3, 1), OUT outcome text\n)\nLANGUAGE sql\n\
        SECURITY DEFINER\nSET search_path = boxoffice, pg_temp\nAS $body$ SELECT '' $body$;\n";
    const HELPER: &str = "-- Counts.\n--\n-- No SECURITY DEFINER: only computes.\n\
        CREATE OR REPLACE FUNCTION boxoffice.count(a bigint) RETURNS bigint\nRETURN a;\n";
    const GRANTS: &str = "steps CONSTANT text[] := ARRAY[\n 'sell'\n];\n\
        steps_before CONSTANT text[] := ARRAY[];\n\
        internal CONSTANT text[] := ARRAY[\n -- bookings\n 'count', 'types', 'events', 'queue', \
        'payments', 'people', 'tickets', 'audit', 'worker'\n];";
    const LEDGER: &str = "const S: &str = \"SELECT outcome FROM boxoffice.sell(\\\n    \
        $1::text, $2::text[], $3::text::numeric)\";\n// `boxoffice.bookings` is a table.\n";

    /// A repository that is fine, after one change of the file at `path`.
    fn complaints(path: &str, change: impl Fn(&str) -> String) -> Vec<String> {
        let mut files = vec![
            ("infra/postgres/functions/bookings/sell.sql".to_owned(), STEP.to_owned()),
            ("infra/postgres/functions/bookings/count.sql".to_owned(), HELPER.to_owned()),
            ("infra/postgres/functions/dropped.txt".to_owned(), "# None.\n".to_owned()),
            ("infra/postgres/grants.sql".to_owned(), GRANTS.to_owned()),
            (format!("{RELEASE_BEFORE}grants.sql"), GRANTS.to_owned()),
            ("infra/postgres/migrations/V1__a.sql".to_owned(), "CREATE TABLE a ();".to_owned()),
            ("crates/ledger/src/sell.rs".to_owned(), LEDGER.to_owned()),
        ];
        for area in FUNCTION_AREAS.iter().filter(|area| **area != "bookings") {
            let text = HELPER.replace("count", area);
            files.push((format!("infra/postgres/functions/{area}/{area}.sql"), text));
        }
        let files = files.into_iter().map(|(name, text)| {
            let text = if name.ends_with(path) { change(&text) } else { text };
            File { path: name, text }
        });
        check(&files.collect::<Vec<_>>())
    }

    #[test]
    fn a_schema_that_follows_the_rules_is_fine() {
        assert_eq!(complaints("sell.sql", str::to_owned), Vec::<String>::new());
        // The trigger that calls a function may be beside it.
        let trigger = |text: &str| {
            text.to_owned() + "CREATE OR REPLACE TRIGGER sell EXECUTE FUNCTION boxoffice.sell();\n"
        };
        assert_eq!(complaints("sell.sql", trigger), Vec::<String>::new());
    }

    #[test]
    fn each_broken_rule_is_found() {
        for (path, from, to, complaint) in [
            ("sell.sql", "boxoffice.sell(", "boxoffice.buy(", "defines [\"buy\"] instead of sell"),
            ("sell.sql", "OR REPLACE ", "", "must say CREATE OR REPLACE"),
            ("sell.sql", "-- Sells.\n", "", "does not begin with what it does"),
            ("sell.sql", "SECURITY DEFINER\n", "", "no SECURITY DEFINER"),
            ("sell.sql", "SET search_path = boxoffice, pg_temp\n", "", "no SET search_path"),
            ("sell.sql", "p_id text, ", "", "gives sell 3 parameters, not 2"),
            ("count.sql", "-- No SECURITY DEFINER: only computes.\n", "", "no SECURITY DEFINER"),
            ("count.sql", "RETURN a", "\nSECURITY DEFINER\nRETURN a", "and has it"),
            ("queue.sql", "boxoffice.queue", "boxoffice.sell", "defines [\"sell\"]"),
            ("postgres/grants.sql", "'count', ", "", "count is in no list"),
            ("postgres/grants.sql", "'count'", "'count', 'sell'", "sell is in several lists"),
            ("postgres/grants.sql", "'sell'", "'sell', 'count'", "count is in several lists"),
            ("postgres/grants.sql", "ARRAY[]", "ARRAY['count']", "count is in several lists"),
            ("postgres/grants.sql", "'sell'\n", "'sell', 'gone'\n", "gone is no function"),
            ("before/grants.sql", "'sell'", "'sell', 'count'", "count, which belongs into steps_b"),
            ("sell.rs", "outcome FROM", "*  FROM", "calls sell without SELECT columns FROM"),
            ("sell.rs", "outcome FROM ", "", "calls sell without SELECT columns FROM"),
            ("sell.rs", "boxoffice.sell(", "boxoffice.buy(", "calls buy, which no file defines"),
            ("sell.rs", "boxoffice.sell(", "sell(", "sell is a step that `ledger` does not call"),
            ("sell.rs", ", $3::text::numeric", "", "gives sell 2 parameters, not 3"),
            ("V1__a.sql", "TABLE", "FUNCTION boxoffice.x() TABLE", "belongs into functions/"),
            ("dropped.txt", "# None.", "count(bigint)", "count(bigint) is still defined"),
            ("dropped.txt", "# None.", "count", "count is no signature"),
        ] {
            let found = complaints(path, |text| text.replacen(from, to, 1));
            assert!(found.iter().any(|it| it.contains(complaint)), "{complaint}: {found:?}");
        }
        let moved =
            |text: &str| text.replace("'sell'\n", "\n").replace("'count'", "'count', 'sell'");
        let found = complaints("postgres/grants.sql", moved);
        assert!(found.iter().any(|it| it.contains("`ledger` calls sell, which is not in steps")));
        let old = complaints("dropped.txt", |_| "count(text)\nsell(text)\n".to_owned());
        assert_eq!(old, Vec::<String>::new());
    }

    #[test]
    fn a_step_that_only_the_release_before_calls_keeps_its_right() {
        // `count` was a step: as one that is called no longer it has a list of its own.
        let grants = |from: &str, to: &str| {
            let mut files = vec![
                (format!("{RELEASE_BEFORE}grants.sql"), GRANTS.replace("'sell'", "'count'")),
                ("infra/postgres/grants.sql".to_owned(), GRANTS.replace(from, to)),
                ("infra/postgres/functions/bookings/count.sql".to_owned(), HELPER.to_owned()),
            ];
            let files = files.drain(..).map(|(path, text)| File { path, text });
            let mut found = check(&files.collect::<Vec<_>>());
            found.retain(|it| it.contains("count"));
            found
        };
        assert!(grants("", "")[0].contains("the release before calls count"));
        let moved = GRANTS.replace("'count', ", "").replace("ARRAY[]", "ARRAY['count']");
        assert_eq!(grants(GRANTS, &moved), Vec::<String>::new());
        let text = GRANTS.replace("'count', ", "").replace("ARRAY[]", "ARRAY['count']");
        let found = complaints("postgres/grants.sql", |_| text.clone());
        assert!(found.iter().any(|it| it.contains("no release calls count any more")), "{found:?}");
    }

    #[test]
    fn files_in_other_places_are_found() {
        let at = |paths: &[&str]| {
            let text = HELPER.to_owned();
            let file = |path: &&str| File { path: format!("{SCHEMA}{path}"), text: text.clone() };
            check(&paths.iter().map(file).collect::<Vec<_>>()).join("\n")
        };
        assert!(at(&["functions/sales/count.sql"]).contains("is in none of"));
        assert!(at(&["functions/count.sql"]).contains("is in none of"));
        assert!(at(&["functions/queue/count.sql"]).contains("functions/audit: is missing"));
        let twice = at(&["functions/queue/count.sql", "functions/audit/count.sql"]);
        assert!(twice.contains("another file defines count too"), "{twice}");
    }
}
