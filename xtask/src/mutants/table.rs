//! The table of mutants, and whether it still fits the code.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::repository::read;

const TABLE: &str = "xtask/mutants.toml";

/// A guard, and how it is taken away.
pub(crate) struct Mutant {
    /// Short and unique.
    pub(crate) name: String,
    /// What the guard does, as part of a sentence.
    pub(crate) guard: String,
    /// What breaks without it.
    pub(crate) promise: String,
    /// The file that holds it.
    pub(crate) file: String,
    /// Its text, which occurs once.
    pub(crate) text: String,
    /// What stands there instead.
    pub(crate) replacement: String,
    /// The tests that must go red: words of `cargo test`.
    pub(crate) tests: String,
}

impl Mutant {
    /// The file without the guard; `None` when the text is not there exactly once.
    pub(crate) fn apply(&self, text: &str) -> Option<String> {
        let is_unique = text.matches(&self.text).count() == 1;
        is_unique.then(|| text.replacen(&self.text, &self.replacement, 1))
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
                file: word("file")?,
                text: word("text")?,
                // May be empty: then the guard is simply not there.
                replacement: row["replacement"].as_str().unwrap_or_default().to_owned(),
                tests: word("tests")?,
            })
        })
        .collect()
}

/// What is wrong with the table: two of one name, a text that is not in its file, or not once.
pub(crate) fn check(mutants: &[Mutant]) -> Vec<String> {
    let mut names = BTreeSet::new();
    let mut complaints = Vec::new();
    for mutant in mutants {
        let name = &mutant.name;
        if !names.insert(name) {
            complaints.push(format!("{TABLE}: two mutants are named {name}"));
        }
        match read(&mutant.file).map(|text| mutant.apply(&text).is_some_and(|it| it != text)) {
            Ok(true) => {}
            Ok(false) => {
                let file = &mutant.file;
                complaints.push(format!("{TABLE}: the text of {name} is not once in {file}"));
            }
            Err(error) => complaints.push(format!("{TABLE}: {name}: {error:#}")),
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = "[[mutant]]\nname = \"a\"\nguard = \"b\"\npromise = \"c\"\nfile = \"spin.toml\"\n\
        text = \"spin_manifest_version = 2\"\nreplacement = \"\"\ntests = \"--package d\"\n";

    #[test]
    fn a_guard_is_replaced_where_it_stands_once() {
        let mutants = parse(ROW).expect("is read");
        assert_eq!(mutants[0].apply("x spin_manifest_version = 2 y").as_deref(), Some("x  y"));
        assert_eq!(mutants[0].apply("x"), None);
        assert_eq!(mutants[0].apply(&"spin_manifest_version = 2 ".repeat(2)), None);
        assert_eq!(check(&mutants), Vec::<String>::new());
    }

    #[test]
    fn a_table_that_does_not_fit_is_noticed() {
        let twice = parse(&ROW.repeat(2)).expect("is read");
        assert!(check(&twice)[0].contains("two mutants are named a"));
        let moved = parse(&ROW.replace("version = 2", "version = 1")).expect("is read");
        assert!(check(&moved)[0].contains("is not once in spin.toml"));
        let gone = parse(&ROW.replace("spin.toml", "gone.toml")).expect("is read");
        assert!(check(&gone)[0].contains("cannot read gone.toml"));
        assert!(parse(&ROW.replace("promise = \"c\"\n", "")).is_err());
    }
}
