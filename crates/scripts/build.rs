//! Turns `lua/<area>/*.lua` into the registry of scripts: expanded source, SHA-1 and number of keys.
//!
//! A line `-- @include name` is replaced by `lua/includes/name.lua`, which holds one function and
//! includes nothing itself. The number of keys is read from the header, so a call can check its
//! keys against what the script documents.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// With a plain shebang a Redis whose memory is full refuses a script before it begins. Those that
/// only read and those that give something back must run all the same, or a full Redis could not
/// empty itself.
const SHEBANGS: [&str; 3] = ["#!lua\n", "#!lua flags=no-writes\n", "#!lua flags=allow-oom\n"];

const INCLUDE_MARK: &str = "-- @include ";

fn main() {
    let lua = Path::new(&variable("CARGO_MANIFEST_DIR")).join("../../lua");
    println!("cargo::rerun-if-changed={}", lua.display());
    let out = PathBuf::from(variable("OUT_DIR"));
    let mut registry = String::new();
    let mut names = Vec::new();
    for path in scripts(&lua) {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let source = expand(&name, &read(&path), &lua.join("includes"));
        let keys = KeysInHeader::parse(&name, &source);
        let sha1 = sha1_smol::Sha1::from(&source).digest().to_string();
        fs::write(out.join(format!("{name}.lua")), &source).unwrap();
        let constant = name.to_uppercase();
        writeln!(
            registry,
            "pub(crate) const {constant}: Registered = Registered {{\n    \
             script: cluster::Script {{\n        name: \"{name}\",\n        \
             source: include_str!(concat!(env!(\"OUT_DIR\"), \"/{name}.lua\")),\n        \
             sha1: \"{sha1}\",\n    }},\n    \
             keys_fixed: {},\n    keys_variadic: {},\n}};",
            keys.fixed, keys.variadic
        )
        .unwrap();
        names.push(constant);
    }
    assert!(!names.is_empty(), "no scripts in {}", lua.display());
    writeln!(
        registry,
        "/// Every script, in the order of their names.\npub const ALL: &[Registered] = &[{}];",
        names.join(", ")
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
fn scripts(lua: &Path) -> Vec<PathBuf> {
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

fn expand(name: &str, source: &str, includes: &Path) -> String {
    assert!(
        SHEBANGS.iter().any(|shebang| source.starts_with(shebang)),
        "{name}: must begin with #!lua, so that Redis refuses keys of other slots"
    );
    let mut expanded = String::new();
    for line in source.lines() {
        match line.strip_prefix(INCLUDE_MARK) {
            Some(include) => {
                let text = read(&includes.join(format!("{include}.lua")));
                assert!(!text.contains(INCLUDE_MARK), "{include}: an include includes nothing");
                expanded.push_str(&text);
            }
            None => {
                expanded.push_str(line);
                expanded.push('\n');
            }
        }
    }
    expanded
}

/// What the header says about KEYS.
struct KeysInHeader {
    /// How many keys each have a line of their own.
    fixed: usize,
    /// Whether the last line documents any number of further keys.
    variadic: bool,
}

impl KeysInHeader {
    /// Reads lines `-- KEYS[1] name …`, the last of them perhaps `-- KEYS[2..] name …`.
    fn parse(name: &str, source: &str) -> Self {
        let mut keys = Self { fixed: 0, variadic: false };
        let header = source.lines().skip(1).take_while(|line| line.starts_with("--"));
        for line in header.filter_map(|line| line.strip_prefix("-- KEYS[")) {
            let (index, _) = line.split_once(']').unwrap_or_else(|| panic!("{name}: {line}"));
            assert!(!keys.variadic, "{name}: no key after the variadic ones");
            let number = match index.strip_suffix("..") {
                Some(number) => {
                    keys.variadic = true;
                    number
                }
                None => {
                    keys.fixed += 1;
                    index
                }
            };
            let expected = keys.fixed + usize::from(keys.variadic);
            assert_eq!(number, expected.to_string(), "{name}: KEYS out of order");
        }
        keys
    }
}
