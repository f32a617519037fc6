//! Keys of Redis are listed in the headers of the scripts, and nowhere else.

/// Keys side by side where scripts are called: two are a list of keys.
const SIDE_BY_SIDE_MAX: usize = 1;
/// Elsewhere a test may compare a few keys.
const COMPARED_MAX: usize = 3;

/// Where scripts are called.
const SCRIPTS: &str = "crates/scripts/src/";

/// No list of keys is written by hand: `registry` and `keys` have them all.
pub(super) fn check(path: &str, text: &str) -> Vec<String> {
    let max = if path.starts_with(SCRIPTS) { SIDE_BY_SIDE_MAX } else { COMPARED_MAX };
    let is_checked = path.ends_with(".rs") && !path.starts_with("xtask/");
    let longest = if is_checked { longest_list(text) } else { 0 };
    (longest > max)
        .then(|| format!("{path}: lists {longest} keys by hand, the headers in lua/ list them"))
        .into_iter()
        .collect()
}

/// The most calls of key constructors that stand one after the other, separated by commas.
fn longest_list(text: &str) -> usize {
    let (mut longest, mut length, mut end) = (0, 0, 0);
    for (start, _) in text.match_indices("keys::") {
        let gap = text[end.min(start)..start].trim().trim_end_matches("scripts::");
        length = if length > 0 && gap.trim() == "," { length + 1 } else { 1 };
        match call_end(&text[start..]) {
            Some(call) => end = start + call,
            None => length = 0,
        }
        longest = longest.max(length);
    }
    longest
}

/// Where the call ends that the text begins with: `keys::name(…)`.
fn call_end(text: &str) -> Option<usize> {
    let open = text.find(|letter: char| !letter.is_alphanumeric() && !"_:".contains(letter))?;
    let mut depth = 0_usize;
    for (index, letter) in text[open..].char_indices() {
        match letter {
            '(' => depth += 1,
            _ if depth == 0 => return None,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(open + index + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_keys_is_found_however_it_is_broken() {
        for (text, length) in [
            ("let key = keys::settings(event);", 1),
            ("use crate::keys::settings;", 0),
            ("[keys::settings(event), keys::map(event, &name(a))]", 2),
            ("vec![\n    scripts::keys::queue(e),\n    scripts::keys::seen(e),\n]", 2),
            ("f(&keys::queue(e), 1);\n g(&keys::seen(e), 2);", 1),
            ("[keys::a(e), keys::b(e)], [keys::c(e)]", 2),
        ] {
            assert_eq!(longest_list(text), length, "{text}");
        }
        let two = "[keys::queue(e), keys::seen(e)]";
        assert!(check("crates/scripts/src/a.rs", two)[0].contains("lists 2 keys by hand"));
        assert!(check("crates/sale/tests/a.rs", two).is_empty());
        let four = "[keys::a(e), keys::b(e), keys::c(e), keys::d(e)]";
        assert!(check("crates/sale/tests/a.rs", four)[0].contains("lists 4 keys by hand"));
    }
}
