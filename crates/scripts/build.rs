//! Turns `lua/<area>/*.lua` into the registry of scripts: expanded source, SHA-1 and keys.
//!
//! A line `-- @include name` is replaced by `lua/includes/name.lua`, which includes nothing.
//! A line `-- @keys` is replaced by the table of the script's keys. That table and the Rust
//! function that builds the keys are both made from the lines `-- KEYS[n] name …` of the header, so
//! neither can take one key for another.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// With a plain shebang a Redis whose memory is full refuses a script before it begins. Those that
/// only read and those that give something back must run all the same, or a full Redis could not
/// empty itself.
const SHEBANGS: [&str; 3] = ["#!lua\n", "#!lua flags=no-writes\n", "#!lua flags=allow-oom\n"];

const INCLUDE_MARK: &str = "-- @include ";

const KEYS_MARK: &str = "-- @keys";

/// Keys that are not in the slot of an event, and the one that stands for many.
const OF_NO_EVENT: [&str; 4] = ["limit", "request", "own_events", "map"];

/// The script whose header lists every key of an event: see `keys::all`.
const LISTS_ALL_KEYS: &str = "retire_event";

fn main() {
    let lua = Path::new(&variable("CARGO_MANIFEST_DIR")).join("../../lua");
    println!("cargo::rerun-if-changed={}", lua.display());
    let out = PathBuf::from(variable("OUT_DIR"));
    let mut registry = String::new();
    let mut scripts = Vec::new();
    for path in paths(&lua) {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = read(&path);
        let keys = Keys::of_header(&name, &text);
        let source = expand(&name, &text, &keys, &lua.join("includes"));
        let sha1 = sha1_smol::Sha1::from(&source).digest().to_string();
        fs::write(out.join(format!("{name}.lua")), &source).unwrap();
        registry.push_str(&script_constant(&name, &sha1));
        registry.push_str(&keys.rust_function(&name));
        scripts.push((name, keys));
    }
    assert!(!scripts.is_empty(), "no scripts in {}", lua.display());
    check_all_keys(&scripts);
    let constants: Vec<_> = scripts.iter().map(|(name, _)| name.to_uppercase()).collect();
    writeln!(
        registry,
        "/// Every script, in the order of their names.\npub const ALL: &[Script] = &[{}];",
        constants.join(", ")
    )
    .unwrap();
    fs::write(out.join("registry.rs"), registry).unwrap();
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The scripts of all areas, `lua/<area>/<name>.lua`, in the order of their names, so that the
/// registry does not depend on the disk.
fn paths(lua: &Path) -> Vec<PathBuf> {
    let areas =
        entries(lua).into_iter().filter(|path| path.is_dir() && !path.ends_with("includes"));
    let mut paths: Vec<_> = areas
        .flat_map(|area| entries(&area))
        .filter(|path| path.extension().is_some_and(|extension| extension == "lua"))
        .collect();
    paths.sort_by(|one, other| one.file_name().cmp(&other.file_name()));
    paths
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect()
}

fn expand(name: &str, text: &str, keys: &Keys, includes: &Path) -> String {
    assert!(
        SHEBANGS.iter().any(|shebang| text.starts_with(shebang)),
        "{name}: must begin with #!lua, so that Redis refuses keys of other slots"
    );
    let mut expanded = String::new();
    for line in text.lines() {
        if let Some(include) = line.strip_prefix(INCLUDE_MARK) {
            let text = read(&includes.join(format!("{include}.lua")));
            assert!(!text.contains(INCLUDE_MARK), "{include}: an include includes nothing");
            expanded.push_str(&text);
        } else if line == KEYS_MARK {
            expanded.push_str(&keys.lua_table());
        } else {
            expanded.push_str(line);
            expanded.push('\n');
        }
    }
    expanded
}

fn script_constant(name: &str, sha1: &str) -> String {
    format!(
        "const {}: Script = Script {{\n    name: \"{name}\",\n    \
         source: include_str!(concat!(env!(\"OUT_DIR\"), \"/{name}.lua\")),\n    \
         sha1: \"{sha1}\",\n}};\n",
        name.to_uppercase()
    )
}

/// What retiring an event does not know would stay in Redis for ever.
fn check_all_keys(scripts: &[(String, Keys)]) {
    let of_event = |keys: &Keys| -> BTreeSet<String> {
        let fixed = keys.fixed.iter().filter(|key| !OF_NO_EVENT.contains(&key.as_str()));
        fixed.cloned().collect()
    };
    let all = scripts.iter().find(|(name, _)| name == LISTS_ALL_KEYS);
    let (_, all) = all.unwrap_or_else(|| panic!("no script {LISTS_ALL_KEYS}"));
    assert!(all.has_maps, "{LISTS_ALL_KEYS}: lists no maps");
    for (name, keys) in scripts {
        let unknown: Vec<_> = of_event(keys).difference(&of_event(all)).cloned().collect();
        assert!(unknown.is_empty(), "{LISTS_ALL_KEYS} lacks keys of {name}: {unknown:?}");
    }
}

/// The keys of a script, in the order of its header.
struct Keys {
    /// The names of the keys that each have a line of their own.
    fixed: Vec<String>,
    /// Whether any number of maps may follow, one for each section.
    has_maps: bool,
}

impl Keys {
    /// Reads lines `-- KEYS[1] name …`, the last of them perhaps `-- KEYS[2..] map of each …`.
    fn of_header(script: &str, text: &str) -> Self {
        let mut keys = Self { fixed: Vec::new(), has_maps: false };
        let header = text.lines().skip(1).take_while(|line| line.starts_with("--"));
        for line in header.filter_map(|line| line.strip_prefix("-- KEYS[")) {
            let (index, rest) = line.split_once("] ").unwrap_or_else(|| panic!("{script}: {line}"));
            let end = rest.find(|letter: char| !letter.is_ascii_lowercase() && letter != '_');
            let name = &rest[..end.unwrap_or(rest.len())];
            assert!(!keys.has_maps, "{script}: no key after the maps");
            let number = (keys.fixed.len() + 1).to_string();
            if index == number {
                assert!(!name.is_empty(), "{script}: KEYS[{number}] has no name");
                keys.fixed.push(name.to_owned());
            } else if index == format!("{number}..") {
                assert_eq!(name, "map", "{script}: only maps may be of any number");
                keys.has_maps = true;
            } else {
                panic!("{script}: KEYS[{index}] should be KEYS[{number}]");
            }
        }
        keys
    }

    /// `local key = { settings = KEYS[1], … }`; the maps are a list, `key.maps`.
    fn lua_table(&self) -> String {
        let mut table = "local key = {\n".to_owned();
        for (index, name) in self.fixed.iter().enumerate() {
            writeln!(table, "  {name} = KEYS[{}],", index + 1).unwrap();
        }
        if self.has_maps {
            writeln!(table, "  maps = {{ unpack(KEYS, {}) }},", self.fixed.len() + 1).unwrap();
        }
        table.push_str("}\n");
        table
    }

    /// `registry::name(event, …)`: the script with its keys.
    fn rust_function(&self, script: &str) -> String {
        let has = |name: &str| self.fixed.iter().any(|key| key == name);
        let has_own_slot = has("limit") || has("request") || has("own_events");
        let is_of_event = self.has_maps || !has_own_slot;
        let mut lifetime = "";
        let mut parameters = Vec::new();
        if is_of_event {
            parameters.push("event: EventId");
        }
        if has("map") {
            parameters.push("section: &SectionName");
        }
        if has("limit") {
            parameters.push("subject: &str");
        }
        if has("request") {
            parameters.push("entry: &str");
        }
        if has("own_events") {
            parameters.push("user: UserId");
        }
        if self.has_maps {
            lifetime = "<'a>";
            parameters.push("sections: impl IntoIterator<Item = &'a SectionName>");
        }
        let keys: Vec<_> = self.fixed.iter().map(|name| constructor(name)).collect();
        let mut list = format!("vec![{}]", keys.join(", "));
        if self.has_maps {
            list = format!(
                "{{\n        let mut keys = {list};\n        \
                 keys.extend(sections.into_iter().map(|section| keys::map(event, section)));\n        \
                 keys\n    }}"
            );
        }
        format!(
            "pub(crate) fn {script}{lifetime}({}) -> KeyedScript {{\n    \
             let keys = {list};\n    \
             KeyedScript {{ script: &{}, keys }}\n}}\n",
            parameters.join(", "),
            script.to_uppercase()
        )
    }
}

fn constructor(key: &str) -> String {
    match key {
        "map" => "keys::map(event, section)".to_owned(),
        "limit" => "keys::limit(subject)".to_owned(),
        "request" => "keys::request(entry)".to_owned(),
        "own_events" => "keys::own_events(user)".to_owned(),
        _ => format!("keys::{key}(event)"),
    }
}
