//! What holds for every file: length, width, words that must not stay, titles.

/// A file beyond this is more than one thing.
const MAX_LINES: usize = 600;

/// Tables of data, one entry after the other, may be as long as there are entries.
const TABLES: [&str; 2] = ["xtask/mutants.toml", "spin.toml"];

/// The width of a line in what we write by hand.
const MAX_COLUMNS: usize = 100;

/// Marks of unfinished work. Spelled in two parts so that this file may hold them.
const MARKS: [&str; 5] =
    [concat!("FIX", "ME"), concat!("TO", "DO"), concat!("XX", "X"), "todo!(", "dbg!("];

/// Whether the rules for text apply to this file.
pub(super) fn is_checked(path: &str) -> bool {
    let endings = [".rs", ".lua", ".md", ".toml", ".sql", ".sh", ".yml", ".wit", ".conf"];
    endings.iter().any(|ending| path.ends_with(ending))
}

/// Whether this is a script of Redis.
pub(super) fn is_script(path: &str) -> bool {
    path.starts_with("lua/") && path.ends_with(".lua") && !path.starts_with("lua/includes/")
}

/// No compiled component is kept in git.
pub(super) fn check_paths(paths: &[String]) -> Vec<String> {
    let compiled = paths.iter().filter(|path| path.ends_with(".wasm"));
    compiled.map(|path| format!("{path}: is compiled and does not belong into git")).collect()
}

pub(super) fn check(path: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    complaints.extend(too_long(path, text));
    complaints.extend(too_wide(path, text));
    complaints.extend(unfinished(path, text));
    complaints.extend(titles(path, text));
    complaints
}

fn too_long(path: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines > MAX_LINES && !TABLES.contains(&path))
        .then(|| format!("{path}: {lines} lines, at most {MAX_LINES}"))
}

/// In Rust only comments are ours to break: rustfmt breaks code and leaves literals alone.
fn too_wide(path: &str, text: &str) -> Vec<String> {
    let (is_rust, is_lua) = (path.ends_with(".rs"), path.ends_with(".lua"));
    let counts = |line: &str| is_lua || is_rust && line.trim_start().starts_with("//");
    let is_wide = |line: &str| line.chars().count() > MAX_COLUMNS && counts(line);
    let wide = text.lines().enumerate().filter(|(_, line)| is_wide(line));
    wide.map(|(index, _)| format!("{path}:{}: more than {MAX_COLUMNS} columns", index + 1))
        .collect()
}

fn unfinished(path: &str, text: &str) -> Vec<String> {
    // Its own marks would be found here.
    if path == "xtask/src/tidy/files.rs" {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for mark in MARKS.iter().filter(|mark| line.contains(*mark)) {
            complaints.push(format!("{path}:{}: {mark}", index + 1));
        }
    }
    complaints
}

/// A page has one title, outside of its code blocks.
fn titles(path: &str, text: &str) -> Option<String> {
    if !path.ends_with(".md") {
        return None;
    }
    let mut in_code = false;
    let mut count = 0;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code && line.starts_with("# ") {
            count += 1;
        }
    }
    (count != 1).then(|| format!("{path}: {count} titles (`# `), a page has one"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_600_lines_is_fine_and_one_more_is_not() {
        assert_eq!(too_long("a.rs", &"x\n".repeat(600)), None);
        assert!(too_long("a.rs", &"x\n".repeat(601)).is_some());
    }

    #[test]
    fn width_is_counted_in_characters_of_scripts_and_comments() {
        let fine = format!("-- {}", "ü".repeat(97));
        assert!(too_wide("lua/a.lua", &fine).is_empty());
        assert_eq!(
            too_wide("lua/a.lua", &format!("\n{fine}x")),
            ["lua/a.lua:2: more than 100 columns"]
        );
        let comment = format!("    /// {}", "x".repeat(93));
        assert_eq!(too_wide("a.rs", &comment), ["a.rs:1: more than 100 columns"]);
        assert!(too_wide("a.rs", &comment.replace("///", "let")).is_empty());
        assert!(too_wide("a.md", &comment).is_empty());
    }

    #[test]
    fn marks_of_unfinished_work_are_found() {
        for mark in MARKS {
            let text = format!("fine\n// {mark} later");
            assert_eq!(unfinished("a.rs", &text), [format!("a.rs:2: {mark}")]);
        }
    }

    #[test]
    fn a_page_has_one_title() {
        assert_eq!(titles("a.md", "# One\n```sh\n# comment\n```\n## Two\n"), None);
        assert!(titles("a.md", "# One\n# Two\n").is_some());
        assert!(titles("a.md", "no title\n").is_some());
        assert_eq!(titles("a.rs", "# One\n# Two\n"), None);
    }

    #[test]
    fn compiled_components_are_refused() {
        let paths = ["spin.toml".to_owned(), "a/b.wasm".to_owned()];
        assert_eq!(check_paths(&paths).len(), 1);
    }
}
