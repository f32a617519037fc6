//! Marks in the source, each above a guard that a mutant takes away.
//!
//! A mark is a comment on a line of its own, `// mutant: name` in Rust and `-- mutant: name` in Lua
//! and SQL. It moves with the code below it, so an edit elsewhere never touches the table.

use anyhow::Result;

use crate::repository::{files_of_git, read};

/// What follows the sign of a comment.
const WORD: &str = "mutant:";

/// A mark, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The name of its mutant.
    pub(crate) name: String,
    /// The file, relative to the root.
    pub(crate) file: String,
}

/// Every mark of this repository.
pub(crate) fn load() -> Result<Vec<Mark>> {
    let mut marks = Vec::new();
    for file in files_of_git()?.iter().filter(|file| is_searched(file)) {
        marks.extend(in_text(file, &read(file)?));
    }
    Ok(marks)
}

/// The tests of this tool contain marks that are examples.
fn is_searched(file: &str) -> bool {
    comment(file).is_some() && !file.starts_with("xtask/")
}

/// The marks of a file.
pub(crate) fn in_text(file: &str, text: &str) -> Vec<Mark> {
    let names = text.lines().filter_map(|line| name(file, line));
    names.map(|name| Mark { name: name.to_owned(), file: file.to_owned() }).collect()
}

/// Where the code under the mark of this name begins. Several mutants may share a line: then their
/// marks stand above one another.
pub(crate) fn marked(file: &str, text: &str, mutant: &str) -> Option<usize> {
    let mut is_below = false;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        match name(file, line) {
            Some(name) => is_below |= name == mutant,
            None if is_below => return Some(offset),
            None => {}
        }
        offset += line.len();
    }
    None
}

/// The name, if the line is a mark.
fn name<'a>(file: &str, line: &'a str) -> Option<&'a str> {
    let rest = line.trim().strip_prefix(comment(file)?)?;
    rest.trim_start().strip_prefix(WORD).map(str::trim)
}

/// How a comment begins in this file.
fn comment(file: &str) -> Option<&'static str> {
    match file.rsplit_once('.')?.1 {
        "rs" => Some("//"),
        "lua" | "sql" => Some("--"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_comments_on_a_line_of_their_own() {
        let names = |file, text| in_text(file, text).into_iter().map(|it| it.name);
        let rust = "a();\n    // mutant: one\n    b(); // mutant: no\nlet c = \"mutant: no\";\n";
        assert!(names("a.rs", rust).eq(["one"]));
        assert!(names("a.lua", "-- mutant: two\n// mutant: no\n").eq(["two"]));
        assert!(names("a.sql", "  -- mutant: three\n").eq(["three"]));
        assert!(names("a.md", "-- mutant: no\n// mutant: no\n").eq([""; 0]));
    }

    #[test]
    fn the_marked_code_is_the_next_line_that_is_no_mark() {
        let text = "a\n-- mutant: one\n-- mutant: two\nb\nc\n";
        let code = text.find("b\n");
        assert_eq!(marked("a.lua", text, "one"), code);
        assert_eq!(marked("a.lua", text, "two"), code);
        assert_eq!(marked("a.lua", text, "three"), None);
        assert_eq!(marked("a.lua", "-- mutant: one\n", "one"), None);
    }
}
