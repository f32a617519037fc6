//! The header of a script against what its body does.

use std::collections::BTreeSet;

/// Where the table of keys is put that is made from the header.
const KEYS_MARK: &str = "-- @keys";

/// What a header or a body says about KEYS or ARGV: single places, and the first place of an
/// open end (`KEYS[12..]`, or use by a computed index).
#[derive(Debug, Default, PartialEq, Eq)]
struct Places {
    single: BTreeSet<u32>,
    open_from: Option<u32>,
    computed: bool,
}

/// Checks a script. `include` gives the text of an include by its name.
pub(super) fn check(
    path: &str,
    text: &str,
    include: &dyn Fn(&str) -> Option<String>,
) -> Vec<String> {
    let mut complaints = Vec::new();
    let first = text.lines().next().unwrap_or_default();
    if first != "#!lua" && !first.starts_with("#!lua flags=") {
        complaints.push(format!("{path}: does not begin with #!lua"));
    }
    let (header, own_body) = split(text);
    let mut body = String::new();
    for name in included(own_body) {
        match include(name) {
            Some(text) => body.push_str(&text),
            None => complaints.push(format!("{path}: includes {name}, which does not exist")),
        }
    }
    body.push_str(own_body);
    let body = without_comments(&body);
    complaints.extend(compare(path, "ARGV", &documented(&header, "ARGV"), &used(&body, "ARGV")));
    complaints.extend(skipped(path, "KEYS", &documented(&header, "KEYS")));
    complaints.extend(keys(path, &header, text, own_body, &body));
    complaints.extend(concatenated_keys(path, &body));
    if !header.lines().any(|line| line.trim_start_matches(['-', ' ']).starts_with("Returns")) {
        complaints.push(format!("{path}: the header does not say what it returns"));
    }
    complaints
}

/// The comment lines at the top, and what follows.
fn split(text: &str) -> (String, &str) {
    let mut end = 0;
    let mut header = String::new();
    for line in text.split_inclusive('\n') {
        let is_header = line.starts_with("#!") || line.starts_with("--") || line.trim().is_empty();
        if !is_header || line.starts_with("-- @include ") {
            break;
        }
        header.push_str(line);
        end += line.len();
    }
    (header, &text[end..])
}

fn included(body: &str) -> impl Iterator<Item = &str> {
    body.lines().filter_map(|line| line.strip_prefix("-- @include ")).map(str::trim)
}

fn without_comments(body: &str) -> String {
    body.lines()
        .map(|line| line.split("--").next().unwrap_or_default())
        .fold(String::new(), |text, line| text + line + "\n")
}

/// Lines of the header that define places: `-- KEYS[1] name` and `-- KEYS[12..] …`.
fn documented(header: &str, array: &str) -> Places {
    let mut places = Places::default();
    for line in header.lines() {
        let line = line.trim_start_matches('-').trim_start();
        let Some(rest) = line.strip_prefix(array).and_then(|rest| rest.strip_prefix('[')) else {
            continue;
        };
        let Some((inside, _)) = rest.split_once(']') else { continue };
        match inside.split_once("..") {
            None => places.single.extend(inside.parse::<u32>()),
            Some((first, "")) => places.open_from = first.parse().ok(),
            Some((first, last)) => {
                if let (Ok(first), Ok(last)) = (first.parse::<u32>(), last.parse::<u32>()) {
                    places.single.extend(first..=last);
                }
            }
        }
    }
    places
}

/// Every `KEYS[…]` of the body. An index that is not a number, or the array as a whole, is an
/// open use.
fn used(body: &str, array: &str) -> Places {
    let mut places = Places::default();
    for (at, _) in body.match_indices(array) {
        let before = body[..at].chars().next_back();
        if before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_') {
            continue;
        }
        let rest = &body[at + array.len()..];
        let index = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        match index.map(|(inside, _)| inside.trim().parse::<u32>()) {
            Some(Ok(number)) => {
                places.single.insert(number);
            }
            _ => places.computed = true,
        }
    }
    places
}

fn compare(path: &str, array: &str, documented: &Places, used: &Places) -> Vec<String> {
    let mut complaints = Vec::new();
    let is_documented = |place: u32| {
        documented.single.contains(&place) || documented.open_from.is_some_and(|it| place >= it)
    };
    for place in used.single.iter().filter(|place| !is_documented(**place)) {
        complaints.push(format!("{path}: {array}[{place}] is used but not in the header"));
    }
    // A loop over all of them uses each.
    for place in documented.single.iter().filter(|place| !used.single.contains(place)) {
        if !used.computed {
            complaints.push(format!("{path}: {array}[{place}] is in the header but not used"));
        }
    }
    if documented.open_from.is_some() && !used.computed {
        complaints.push(format!("{path}: the header has further {array}, the body uses none"));
    }
    if used.computed && documented.open_from.is_none() && documented.single.is_empty() {
        complaints.push(format!("{path}: {array} is used but not in the header"));
    }
    complaints.extend(skipped(path, array, documented));
    complaints
}

fn skipped(path: &str, array: &str, documented: &Places) -> Option<String> {
    let expected = 1..=u32::try_from(documented.single.len()).unwrap_or(u32::MAX);
    let is_skipped = !documented.single.iter().copied().eq(expected);
    is_skipped.then(|| format!("{path}: the header skips a place of {array}"))
}

/// The table of keys stands at the mark, made from the header; the body uses each by its name, or
/// all of them, and never one by its place.
fn keys(path: &str, header: &str, text: &str, own_body: &str, body: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let marks = text.lines().filter(|line| *line == KEYS_MARK).count();
    if marks != 1 {
        complaints.push(format!("{path}: has {marks} lines {KEYS_MARK}, should be one"));
    }
    if body.contains("KEYS[") {
        complaints.push(format!("{path}: takes a key by its place, should be by its name"));
    }
    let own_body = without_comments(own_body);
    let uses_all = own_body.contains("(KEYS)");
    let known: BTreeSet<String> = key_names(header).collect();
    for name in known.iter().filter(|name| !uses_all && !uses(body, name)) {
        complaints.push(format!("{path}: the key {name} is in the header but not used"));
    }
    for (at, _) in own_body.match_indices("key.") {
        let is_word = own_body[..at].ends_with(|it: char| it.is_alphanumeric() || it == '_');
        let name = word(&own_body[at + "key.".len()..]);
        // The map of the section at hand, one of the maps.
        let is_chosen = name == "map" && known.contains("maps");
        if !is_word && !is_chosen && !known.contains(name) {
            complaints.push(format!("{path}: the key {name} is used but not in the header"));
        }
    }
    complaints
}

/// The names under which the body finds the keys of the header.
fn key_names(header: &str) -> impl Iterator<Item = String> {
    let lines = header.lines().filter_map(|line| line.strip_prefix("-- KEYS["));
    lines.filter_map(|line| line.split_once("] ")).map(|(index, rest)| {
        let plural = if index.ends_with("..") { "s" } else { "" };
        format!("{}{plural}", word(rest))
    })
}

fn uses(body: &str, name: &str) -> bool {
    let calls = body.match_indices("key.");
    calls.into_iter().any(|(at, _)| word(&body[at + "key.".len()..]) == name)
}

/// The name that the text begins with.
fn word(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    &text[..end.unwrap_or(text.len())]
}

/// A key that is put together in Lua is not declared, so a cluster may not find it.
fn concatenated_keys(path: &str, body: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for line in body.lines().filter(|line| line.contains("..")) {
        let builds_a_key = line.contains("box:") || line.contains("'{'") || line.contains("\"{\"");
        let extends_a_key = line.match_indices("key.").any(|(at, _)| {
            let after = &line[at + "key.".len()..];
            let after = &after[word(after).len()..];
            after.trim_start().starts_with("..") || line[..at].trim_end().ends_with("..")
        });
        if builds_a_key || extends_a_key {
            complaints.push(format!("{path}: builds a key: {}", line.trim()));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "#!lua\n-- Counts.\n--\n-- KEYS[1] counts (hash)\n-- KEYS[2..] map of each\n\
        -- ARGV[1] user\n--\n-- Returns {n}; see ARGV[9] of the other one\n\n\
        -- @include clock_ms\n\n-- @keys\n\nfor _, map in ipairs(key.maps) do f(map) end\n\
        return {redis.call('HGET', key.counts, ARGV[1] .. ':x')} -- KEYS[7]\n";

    fn complaints(text: &str) -> Vec<String> {
        check("lua/a.lua", text, &|name| (name == "clock_ms").then(String::new))
    }

    #[test]
    fn a_script_that_does_what_its_header_says_is_fine() {
        assert_eq!(complaints(GOOD), Vec::<String>::new());
    }

    #[test]
    fn each_difference_between_header_and_body_is_found() {
        let broken = [
            ("#!lua\n", "", "does not begin with #!lua"),
            ("-- ARGV[1] user\n", "", "ARGV[1] is used but not in the header"),
            ("-- ARGV[1] user\n", "-- ARGV[1] user\n-- ARGV[2] x\n", "ARGV[2] is in the header"),
            ("-- ARGV[1] user\n", "-- ARGV[1] user\n-- ARGV[3] x\n", "skips a place of ARGV"),
            ("-- KEYS[2..]", "-- KEYS[3] feed (stream)\n-- KEYS[4..]", "skips a place of KEYS"),
            ("-- @keys\n", "", "has 0 lines -- @keys"),
            ("-- @keys\n", "local key = { counts = KEYS[1] }\n", "takes a key by its place"),
            ("return {", "return {KEYS[1], ", "takes a key by its place"),
            ("ipairs(key.maps)", "ipairs({})", "the key maps is in the header but not used"),
            ("'HGET', key.counts", "'HGET', key.count", "the key count is used but not in the"),
            ("return {", "return {key.counts .. ':x', ", "builds a key"),
            ("return {", "return {'box:{' .. ARGV[1], ", "builds a key"),
            ("-- Returns", "-- Gives", "does not say what it returns"),
            ("@include clock_ms", "@include clock", "includes clock, which does not exist"),
        ];
        for (from, to, complaint) in broken {
            let text = GOOD.replacen(from, to, 1);
            let found = complaints(&text);
            assert!(found.iter().any(|it| it.contains(complaint)), "{complaint}: {found:?}");
        }
    }
}
