//! The table of mutants, and whether it fits the marks in the source.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use super::marks::{Mark, marked};
use crate::repository::read;

const TABLE: &str = "xtask/mutants.toml";

/// A guard, and how it is taken away.
#[derive(Debug, Clone)]
pub(crate) struct Mutant {
    /// Short and unique; the mark above the guard names it.
    pub(crate) name: String,
    /// What the guard does, as part of a sentence.
    pub(crate) guard: String,
    /// What breaks without it.
    pub(crate) promise: String,
    /// The guard itself: it begins on the marked line, and occurs there once.
    pub(crate) text: String,
    /// What stands there instead.
    pub(crate) replacement: String,
    /// The tests that must go red: words of `cargo test`.
    pub(crate) tests: String,
}

impl Mutant {
    /// The file without the guard; `None` when the guard does not begin once on the marked line.
    pub(crate) fn apply(&self, file: &str, text: &str) -> Option<String> {
        let (before, marked) = text.split_at(marked(file, text, &self.name)?);
        let line = marked.lines().next()?.len();
        let mut places = marked.match_indices(&self.text).filter(|(at, _)| *at < line);
        let (Some((at, guard)), None) = (places.next(), places.next()) else { return None };
        let after = &marked[at + guard.len()..];
        Some([before, &marked[..at], &self.replacement, after].concat())
    }
}

/// Reads the table of this repository.
pub(crate) fn load() -> Result<Vec<Mutant>> {
    parse(&read(TABLE)?)
}

fn parse(text: &str) -> Result<Vec<Mutant>> {
    let table: Value = toml::from_str(text).context(TABLE)?;
    let rows = table["mutant"].as_array().with_context(|| format!("{TABLE}: no [[mutant]]"))?;
    rows.iter()
        .map(|row| {
            let word = |name: &str| {
                let word = row[name].as_str().filter(|word| !word.is_empty());
                let word = word.with_context(|| format!("{TABLE}: no {name} in {row}"))?;
                anyhow::Ok(word.to_owned())
            };
            Ok(Mutant {
                name: word("name")?,
                guard: word("guard")?,
                promise: word("promise")?,
                text: word("text")?,
                // May be empty: then the guard is simply not there.
                replacement: row["replacement"].as_str().unwrap_or_default().to_owned(),
                tests: word("tests")?,
            })
        })
        .collect()
}

/// What is wrong with the table and the marks: a name that is in the table twice, a mark without an
/// entry, an entry without one mark, a guard that is not on the marked line.
pub(crate) fn check(
    mutants: &[Mutant],
    marks: &[Mark],
    read: &dyn Fn(&str) -> Result<String>,
) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut names = BTreeSet::new();
    for Mutant { name, .. } in mutants {
        if !names.insert(name) {
            complaints.push(format!("{TABLE}: two mutants are named {name}"));
        }
    }
    for Mark { name, file } in marks.iter().filter(|mark| !names.contains(&mark.name)) {
        complaints.push(format!("{file}: the mark {name} is not in {TABLE}"));
    }
    for mutant in mutants {
        let name = &mutant.name;
        let found: Vec<_> = marks.iter().filter(|mark| mark.name == *name).collect();
        let [Mark { file, .. }] = found[..] else {
            complaints.push(format!("{TABLE}: {name} has {} marks, not one", found.len()));
            continue;
        };
        match read(file).map(|text| mutant.apply(file, &text).is_some_and(|it| it != text)) {
            Ok(true) => {}
            Ok(false) => {
                complaints.push(format!("{TABLE}: no `text` of {name} at its mark in {file}"));
            }
            Err(error) => complaints.push(format!("{TABLE}: {name}: {error:#}")),
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::super::marks::in_text;
    use super::*;

    const ROW: &str = "[[mutant]]\nname = \"a\"\nguard = \"b\"\npromise = \"c\"\n\
        text = \"x > 1\"\nreplacement = \"true\"\ntests = \"--package d\"\n";
    const SOURCE: &str = "f(x > 1);\n// mutant: a\nif x > 1 {\n    g(x > 1);\n}\n";

    /// Checks a table against one file.
    fn complaints(table: &str, source: &str) -> Vec<String> {
        let mutants = parse(table).expect("is read");
        check(&mutants, &in_text("a.rs", source), &|_| Ok(source.to_owned()))
    }

    #[test]
    fn a_guard_is_replaced_on_the_marked_line_only() {
        let mutant = parse(ROW).expect("is read").remove(0);
        let without = SOURCE.replace("if x > 1", "if true");
        assert_eq!(mutant.apply("a.rs", SOURCE), Some(without));
        assert_eq!(mutant.apply("a.rs", "// mutant: a\nf();\nif x > 1 {}\n"), None, "further down");
        assert_eq!(mutant.apply("a.rs", "// mutant: a\nx > 1 && x > 1\n"), None, "twice");
        assert_eq!(mutant.apply("a.rs", "if x > 1 {}\n"), None, "no mark");
    }

    #[test]
    fn a_guard_may_go_on_below_the_marked_line() {
        let mutant =
            Mutant { text: "x\n  > 1".to_owned(), ..parse(ROW).expect("is read").remove(0) };
        let text = "-- mutant: a\nif x\n  > 1 then\n";
        assert_eq!(mutant.apply("a.lua", text).as_deref(), Some("-- mutant: a\nif true then\n"));
    }

    #[test]
    fn a_table_and_marks_that_fit_are_fine() {
        assert_eq!(complaints(ROW, SOURCE), Vec::<String>::new());
    }

    #[test]
    fn each_difference_between_table_and_marks_is_found() {
        let other = ROW.replace("\"a\"", "\"z\"");
        for (table, source, complaint) in [
            (ROW.repeat(2), SOURCE.to_owned(), "two mutants are named a"),
            (other.clone(), SOURCE.to_owned(), "a.rs: the mark a is not in xtask/mutants.toml"),
            (other, SOURCE.to_owned(), "z has 0 marks, not one"),
            (ROW.to_owned(), SOURCE.repeat(2), "a has 2 marks, not one"),
            (ROW.to_owned(), SOURCE.replace("if x > 1", "if x"), "no `text` of a at its mark"),
            (ROW.replace("true", "x > 1"), SOURCE.to_owned(), "no `text` of a at its mark"),
        ] {
            let found = complaints(&table, &source);
            assert!(found.iter().any(|it| it.contains(complaint)), "{complaint}: {found:?}");
        }
        let mutants = parse(ROW).expect("is read");
        let gone = check(&mutants, &in_text("a.rs", SOURCE), &|file| bail!("cannot read {file}"));
        assert!(gone[0].contains("cannot read a.rs"), "{gone:?}");
    }

    #[test]
    fn a_row_without_a_promise_is_refused() {
        assert!(parse(&ROW.replace("promise = \"c\"\n", "")).is_err());
    }
}
