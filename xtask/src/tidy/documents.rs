//! Documents against what they speak of: a name in backticks exists, a link leads somewhere.
//!
//! Only words that cannot mean anything else are checked: routes, commands, paths, items of our
//! crates, functions and tables of the schema, variables. Every other word in backticks is passed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use clap::CommandFactory;

use crate::repository::read;

/// The map must fit into one reading.
const MAP: &str = "ARCHITECTURE.md";
const MAP_LINES_MAX: usize = 160;

/// The page that must name every route and variable.
const FRONT: &str = "README.md";

/// The width of a line. Rows of tables cannot be broken and may be longer, but for the map.
const COLUMNS_MAX: usize = 100;

/// The endings of files that are named without their folder.
const ENDINGS: [&str; 11] =
    ["rs", "lua", "sql", "toml", "md", "yaml", "yml", "sh", "conf", "wit", "css"];

/// Files that commands write. They are not in git.
const WRITTEN: [&str; 1] = ["redis-users.conf"];

const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];

/// Words before the name of an item in Rust.
const ITEM_KEYWORDS: [&str; 8] =
    ["fn", "struct", "enum", "mod", "const", "static", "trait", "type"];

/// What documents may name.
#[derive(Debug, Default)]
struct Facts {
    /// Files and folders, relative to the root.
    paths: BTreeSet<String>,
    /// Documents and their text.
    documents: BTreeMap<String, String>,
    /// The words after `cargo xtask`.
    xtask_commands: BTreeSet<String>,
    /// The words after `rush`.
    rush_commands: BTreeSet<String>,
    /// Functions, tables and types of the schema `boxoffice`.
    sql_names: BTreeSet<String>,
    /// Variables of spin.toml.
    variables: BTreeSet<String>,
    /// Routes of spin.toml, each parameter as `*`.
    routes: BTreeSet<String>,
    /// The names that each of our crates defines.
    crates: BTreeMap<String, BTreeSet<String>>,
    /// The crates of others that ours depend on.
    dependencies: BTreeSet<String>,
}

pub(super) fn run(paths: &[String]) -> Result<Vec<String>> {
    let facts = Facts::collect(paths)?;
    let documents = facts.documents.iter();
    Ok(documents.flat_map(|(path, text)| check(path, text, &facts)).collect())
}

fn check(path: &str, text: &str, facts: &Facts) -> Vec<String> {
    let mut complaints = shape(path, text);
    for (line, paragraph) in paragraphs(text) {
        if paragraph.matches('`').count() % 2 == 1 {
            complaints.push(format!("{path}:{line}: a backtick without its pair"));
            continue;
        }
        for word in paragraph.split('`').skip(1).step_by(2) {
            let word = word.split_whitespace().collect::<Vec<_>>().join(" ");
            let wrong = facts.wrong_word(path, &word);
            complaints.extend(wrong.map(|wrong| format!("{path}:{line}: `{word}`: {wrong}")));
        }
        for target in link_targets(&paragraph) {
            let wrong = facts.wrong_link(path, target);
            complaints.extend(wrong.map(|wrong| format!("{path}:{line}: {wrong}")));
        }
    }
    for (index, line) in text.lines().enumerate().filter(|(_, line)| line.contains("xtask ")) {
        let wrong = facts.wrong_command(line);
        complaints.extend(wrong.map(|wrong| format!("{path}:{}: {wrong}", index + 1)));
    }
    if path == FRONT {
        complaints.extend(facts.unnamed(text).map(|name| format!("{path}: {name} is missing")));
    }
    if path == MAP {
        complaints.extend(facts.unmapped(text).map(|name| format!("{path}: {name} is missing")));
    }
    complaints
}

/// The length and the width of a document.
fn shape(path: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if path == MAP && text.lines().count() > MAP_LINES_MAX {
        complaints.push(format!("{path}: more than {MAP_LINES_MAX} lines, it is a map"));
    }
    for (index, line) in text.lines().enumerate() {
        let may_be_wide = path != MAP && line.starts_with('|');
        if !may_be_wide && !in_code(text, index) && line.chars().count() > COLUMNS_MAX {
            complaints.push(format!("{path}:{}: more than {COLUMNS_MAX} columns", index + 1));
        }
    }
    complaints
}

/// Whether the line is inside of a code block, which is copied as it is.
fn in_code(text: &str, index: usize) -> bool {
    text.lines().take(index).filter(|line| is_fence(line)).count() % 2 == 1
}

fn is_fence(line: &str) -> bool {
    line.trim_start().starts_with("```")
}

/// Paragraphs outside of code blocks, each with the number of its first line.
fn paragraphs(text: &str) -> Vec<(usize, String)> {
    let mut paragraphs: Vec<(usize, String)> = Vec::new();
    let mut is_code = false;
    let mut is_open = false;
    for (index, line) in text.lines().enumerate() {
        let is_text = !is_code && !is_fence(line) && !line.trim().is_empty();
        is_code ^= is_fence(line);
        match paragraphs.last_mut().filter(|_| is_open && is_text) {
            Some((_, paragraph)) => {
                paragraph.push('\n');
                paragraph.push_str(line);
            }
            None if is_text => paragraphs.push((index + 1, line.to_owned())),
            None => {}
        }
        is_open = is_text;
    }
    paragraphs
}

/// Every `target` of `[text](target)`.
fn link_targets(paragraph: &str) -> impl Iterator<Item = &str> {
    paragraph.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

/// The anchor that a heading gets: lower case, hyphens for spaces, no other signs.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = heading.chars().filter(|sign| sign.is_alphanumeric() || " -_".contains(*sign));
    kept.map(|sign| if sign == ' ' { '-' } else { sign }).collect()
}

/// `/api/v1/events/{event_id}` and `/api/v1/events/:event_id` as `/api/v1/events/*`.
fn normal_route(route: &str) -> String {
    let route = route.split(['?', '#']).next().unwrap_or_default();
    let part = |part: &str| match part.starts_with(['{', ':']) {
        true => "*".to_owned(),
        false => part.to_owned(),
    };
    route.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn is_name(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|sign| sign == '_' || sign.is_ascii_alphanumeric())
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path beside the document at `path`, without `.` and `..`.
fn beside(path: &str, target: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder_of(path).split('/').chain(target.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

impl Facts {
    fn collect(paths: &[String]) -> Result<Self> {
        let mut facts = Self::default();
        for path in paths {
            facts.add_file(path, &|| read(path))?;
        }
        let commands = crate::Arguments::command();
        let commands = commands.get_subcommands().map(|command| command.get_name().to_owned());
        facts.xtask_commands = commands.chain(["help".to_owned()]).collect();
        facts.rush_commands = subcommands(&read("rush/src/main.rs")?);
        facts.add_manifest(&read("spin.toml")?)?;
        facts.dependencies.retain({
            let workspace: toml::Table = toml::from_str(&read("Cargo.toml")?)?;
            let shared = workspace["workspace"]["dependencies"].clone();
            move |name| shared.get(name).and_then(|how| how.get("path")).is_none()
        });
        Ok(facts)
    }

    fn add_file(&mut self, path: &str, text: &dyn Fn() -> Result<String>) -> Result<()> {
        let mut part = path;
        while !part.is_empty() {
            self.paths.insert(part.to_owned());
            part = folder_of(part);
        }
        match path.rsplit_once('.').map(|(_, ending)| ending) {
            Some("md") => {
                self.documents.insert(path.to_owned(), text()?);
            }
            Some("toml") if path.ends_with("/Cargo.toml") => {
                self.dependencies.extend(needed_from_others(&text()?)?);
            }
            Some("sql") => self.sql_names.extend(created(&text()?)),
            Some("rs") => {
                if let Some((folder, _)) = path.split_once("/src/") {
                    let name = folder.rsplit('/').next().unwrap_or_default().to_owned();
                    self.crates.entry(name).or_default().extend(items(&text()?));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn add_manifest(&mut self, text: &str) -> Result<()> {
        let manifest: toml::Table = toml::from_str(text).context("spin.toml")?;
        let variables = manifest.get("variables").and_then(toml::Value::as_table);
        self.variables.extend(variables.into_iter().flat_map(|it| it.keys().cloned()));
        let triggers = manifest.get("trigger").and_then(|it| it.get("http"));
        let triggers = triggers.and_then(toml::Value::as_array).into_iter().flatten();
        let routes = triggers.filter_map(|it| it.get("route").and_then(toml::Value::as_str));
        self.routes.extend(routes.filter(|it| !it.ends_with("...")).map(normal_route));
        Ok(())
    }

    /// What is wrong with a word in backticks, in the document at `path`.
    fn wrong_word(&self, path: &str, word: &str) -> Option<String> {
        let (first, rest) = word.split_once(' ').unwrap_or((word, ""));
        if METHODS.contains(&first) && rest.starts_with('/') {
            return (!self.routes.contains(&normal_route(rest)))
                .then(|| "no such route".to_owned());
        }
        if first == "rush" && rest.starts_with(|sign: char| sign.is_ascii_lowercase()) {
            let command = rest.split(' ').next().unwrap_or_default();
            return (!self.rush_commands.contains(command))
                .then(|| format!("rush has no command {command}"));
        }
        if !rest.is_empty() {
            return None;
        }
        if let Some(name) = word.strip_prefix("SPIN_VARIABLE_") {
            let name = name.split('=').next().unwrap_or_default().to_lowercase();
            let is_wrong = is_name(&name) && !self.variables.contains(&name);
            return is_wrong.then(|| "no such variable in spin.toml".to_owned());
        }
        if let Some(name) = word.strip_prefix("boxoffice.") {
            let name = name.split('(').next().unwrap_or_default();
            let is_wrong = is_name(name) && !self.sql_names.contains(name);
            return is_wrong.then(|| "not in infra/postgres".to_owned());
        }
        if word.starts_with('/') {
            return self.wrong_route(word);
        }
        match word.split_once("::") {
            Some((name, item)) => self.wrong_item(name, item),
            None => self.wrong_path(path, word),
        }
    }

    /// An address counts as a route of ours when one begins like it.
    fn wrong_route(&self, word: &str) -> Option<String> {
        let beginning = |route: &str| route.split('/').nth(1).map(str::to_owned);
        let route = normal_route(word);
        let is_ours = self.routes.iter().any(|it| beginning(it) == beginning(&route));
        (is_ours && !self.routes.contains(&route)).then(|| "no such route".to_owned())
    }

    /// `sale::rebuild_event`: each name of the path is defined in the crate.
    fn wrong_item(&self, name: &str, item: &str) -> Option<String> {
        let defined = self.crates.get(name)?;
        let mut parts = item.split("::").map(|part| part.trim_end_matches("()"));
        let wrong = parts.find(|part| is_name(part) && !defined.contains(*part))?;
        Some(format!("{name} defines no {wrong}"))
    }

    fn wrong_path(&self, document: &str, word: &str) -> Option<String> {
        let ending = word.rsplit_once('.').map(|(_, ending)| ending);
        let has_ending = ending.is_some_and(|it| ENDINGS.contains(&it));
        let begins = word.split('/').next().unwrap_or_default();
        let is_below_root = word.contains('/') && self.paths.contains(begins);
        if WRITTEN.contains(&word) || !(has_ending || is_below_root) {
            return None;
        }
        // Of `components/<name>/src/lib.rs` only `components` can be checked.
        let fixed = match word.find(['<', '*', '{', '…']) {
            Some(place) => folder_of(&word[..place]),
            None => word.trim_end_matches('/'),
        };
        let exists = fixed.is_empty()
            || self.paths.contains(fixed)
            || self.paths.contains(&beside(document, fixed))
            || self.paths.iter().any(|path| path.ends_with(&format!("/{fixed}")));
        (!exists).then(|| "no such file or folder".to_owned())
    }

    /// `cargo xtask <command>`, also in a code block.
    fn wrong_command(&self, line: &str) -> Option<String> {
        let commands = line
            .split("cargo xtask ")
            .skip(1)
            .map(|rest| rest.split(|sign: char| sign != '-' && !sign.is_ascii_lowercase()).next());
        let mut commands = commands.flatten().filter(|it| !it.is_empty() && !it.starts_with('-'));
        let wrong = commands.find(|it| !self.xtask_commands.contains(*it))?;
        Some(format!("cargo xtask has no command {wrong}"))
    }

    fn wrong_link(&self, document: &str, target: &str) -> Option<String> {
        if target.contains("://") || target.starts_with("mailto:") {
            return None;
        }
        let (file, heading) = target.split_once('#').unwrap_or((target, ""));
        let path = if file.is_empty() { document.to_owned() } else { beside(document, file) };
        if !self.paths.contains(&path) {
            return Some(format!("the link {target} leads nowhere"));
        }
        let text = self.documents.get(&path).filter(|_| !heading.is_empty())?;
        let has_heading = text.lines().any(|line| line.starts_with('#') && anchor(line) == heading);
        (!has_heading).then(|| format!("the link {target} names no heading"))
    }

    /// The routes and variables that a text does not name. Files of a page are no routes for users.
    fn unnamed(&self, text: &str) -> impl Iterator<Item = String> {
        let words: BTreeSet<String> = paragraphs(text)
            .iter()
            .flat_map(|(_, it)| {
                it.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()
            })
            .map(|word| normal_route(word.rsplit(' ').next().unwrap_or_default()))
            .collect();
        let is_file = |route: &str| route.ends_with(".js") || route.ends_with(".css");
        let routes = self.routes.iter().filter(move |route| !is_file(route));
        routes.chain(&self.variables).filter(move |name| !words.contains(*name)).cloned()
    }

    /// Our crates without a row in the map, and those of others without a reason for them.
    fn unmapped(&self, text: &str) -> impl Iterator<Item = String> {
        let first_columns =
            text.lines().filter_map(|line| line.strip_prefix("| ")?.split('|').next());
        let named: BTreeSet<&str> = first_columns
            .flat_map(|column| column.split([',', ' ', '`', '(', ')']))
            .filter(|name| !name.is_empty())
            .collect();
        let is_crate =
            |path: &&String| path.starts_with("crates/") && path.matches('/').count() == 1;
        let ours = self.paths.iter().filter(is_crate);
        ours.chain(&self.dependencies).filter(move |name| !named.contains(name.as_str())).cloned()
    }
}

/// What a crate takes from the registry, or from the workspace's list of it.
fn needed_from_others(text: &str) -> Result<Vec<String>> {
    let manifest: toml::Table = toml::from_str(text).context("Cargo.toml")?;
    let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
    let needed = tables.iter().filter_map(|table| manifest.get(*table)?.as_table()).flatten();
    Ok(needed.filter(|(_, how)| how.get("path").is_none()).map(|(name, _)| name.clone()).collect())
}

/// The subcommands of a program, from the variants of its `enum Command`.
fn subcommands(text: &str) -> BTreeSet<String> {
    let body = text.split_once("enum Command {").map_or("", |(_, rest)| rest);
    let body = body.split_once("\n}").map_or("", |(body, _)| body);
    let lines = body.lines().map(str::trim);
    let variants = lines.filter(|line| line.starts_with(|sign: char| sign.is_ascii_uppercase()));
    variants.map(|line| kebab(line.split(['(', ',', ' ']).next().unwrap_or_default())).collect()
}

/// `BenchQueue` as `bench-queue`.
fn kebab(name: &str) -> String {
    let mut word = String::new();
    for sign in name.chars() {
        if sign.is_ascii_uppercase() && !word.is_empty() {
            word.push('-');
        }
        word.push(sign.to_ascii_lowercase());
    }
    word
}

/// The functions, tables, types and views that a file of SQL creates, without their schema.
fn created(text: &str) -> impl Iterator<Item = String> {
    text.lines().filter(|line| line.starts_with("CREATE")).filter_map(|line| {
        let kinds = [" FUNCTION ", " TABLE ", " TYPE ", " VIEW "];
        let rest = kinds.iter().find_map(|kind| line.split_once(kind))?.1;
        let rest = rest.trim_start_matches("IF NOT EXISTS ").trim_start_matches("boxoffice.");
        let name: String =
            rest.chars().take_while(|sign| *sign == '_' || sign.is_ascii_alphanumeric()).collect();
        (!name.is_empty()).then_some(name)
    })
}

/// The names of items that a file of Rust defines.
fn items(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_next = false;
    for word in text.split(|sign: char| sign != '_' && !sign.is_ascii_alphanumeric()) {
        if word.is_empty() {
            continue;
        }
        if is_next {
            names.push(word.to_owned());
        }
        is_next = ITEM_KEYWORDS.contains(&word);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let mut facts = Facts::default();
        for (path, text) in [
            ("docs/words.md", "# Words\n\n## A seat, sold\n"),
            ("lua/queue/join_queue.lua", ""),
            ("components/auth/src/lib.rs", ""),
            ("crates/sale/src/lib.rs", "pub async fn rebuild_event<T>() {}\npub mod audit {}\n"),
            ("crates/sale/Cargo.toml", "[dependencies]\nclap = \"4\"\nx = { path = \"../x\" }\n"),
            ("infra/postgres/V1.sql", "CREATE TABLE boxoffice.tickets (\nCREATE FUNCTION sell(\n"),
        ] {
            facts.add_file(path, &|| Ok(text.to_owned())).expect("is read");
        }
        facts.xtask_commands = ["up", "test"].map(str::to_owned).into();
        facts.rush_commands = subcommands("enum Command {\n    /// X.\n    VerifyDraw(x),\n}\n");
        let manifest = "[variables]\nredis_nodes = {}\n[[trigger.http]]\nroute = \"/api/:id\"\n\
             [[trigger.http]]\nroute = \"/...\"\n[[trigger.http]]\nroute = \"/room/a.js\"\n";
        facts.add_manifest(manifest).expect("is read");
        facts
    }

    fn complaints(text: &str) -> Vec<String> {
        check("docs/a.md", text, &facts())
    }

    #[test]
    fn names_that_exist_and_words_that_are_no_names_are_fine() {
        let text = "`GET /api/{id}?status=x` `/api/{id}` `rush verify-draw` `rush --help`\n\
             `cargo xtask up --detach` `cargo xtask <word>` `SPIN_VARIABLE_REDIS_NODES`\n\
             `SPIN_VARIABLE_<NAME>` `boxoffice.tickets` `boxoffice.sell()` `sale::rebuild_event`\n\
             `sale::audit::*` `Cluster::new` `join_queue.lua` `lua/queue/` `src/lib.rs`\n\
             `components/<name>/src/lib.rs` `application/json` `/etc/passwd` `redis-users.conf`\n\
             `cargo\nxtask up` `max_active`; [w](words.md#a-seat-sold) [up](../lua) [s](https://x)\n";
        assert_eq!(complaints(text), Vec::<String>::new());
    }

    #[test]
    fn names_that_do_not_exist_are_found() {
        for (text, complaint) in [
            ("`GET /other`", "`GET /other`: no such route"),
            ("`/api/{id}/more`", "`/api/{id}/more`: no such route"),
            ("`rush fly --high`", "`rush fly --high`: rush has no command fly"),
            ("`cargo xtask fly`", "cargo xtask has no command fly"),
            ("`SPIN_VARIABLE_WINGS`", "`SPIN_VARIABLE_WINGS`: no such variable in spin.toml"),
            ("`boxoffice.fly()`", "`boxoffice.fly()`: not in infra/postgres"),
            ("`sale::fly`", "`sale::fly`: sale defines no fly"),
            ("`fly.lua`", "`fly.lua`: no such file or folder"),
            ("`lua/fly`", "`lua/fly`: no such file or folder"),
            ("`lua/fly/<name>.lua`", "`lua/fly/<name>.lua`: no such file or folder"),
            ("[w](wings.md)", "the link wings.md leads nowhere"),
            ("[w](words.md#wings)", "the link words.md#wings names no heading"),
            ("`a", "a backtick without its pair"),
        ] {
            assert_eq!(complaints(text), [format!("docs/a.md:1: {complaint}")]);
        }
    }

    #[test]
    fn only_commands_are_read_in_code_blocks() {
        let text = "```sh\ncargo xtask fly\nls lua/fly `fly.lua`\n```\n\n`lua/fly`\n";
        let found = complaints(text);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("docs/a.md:6: `lua/fly`"), "{found:?}");
        assert_eq!(found[1], "docs/a.md:2: cargo xtask has no command fly");
    }

    #[test]
    fn the_front_page_names_every_route_and_variable() {
        let named = "`POST /api/{id}`, `redis_nodes`";
        assert_eq!(check(FRONT, named, &facts()), Vec::<String>::new());
        assert_eq!(
            check(FRONT, "nothing", &facts()),
            ["README.md: /api/* is missing", "README.md: redis_nodes is missing"]
        );
    }

    #[test]
    fn the_map_names_every_crate_and_says_why_others_are_needed() {
        let named = "| `crates/sale` | x |\n| serde, clap | why |\n";
        assert_eq!(check(MAP, named, &facts()), Vec::<String>::new());
        assert_eq!(
            check(MAP, "crates/sale and clap\n", &facts()),
            ["ARCHITECTURE.md: crates/sale is missing", "ARCHITECTURE.md: clap is missing"]
        );
    }

    #[test]
    fn text_is_narrow_tables_may_be_wide_and_the_map_is_short() {
        let wide = "x".repeat(101);
        assert_eq!(shape("a.md", &format!("a\n{wide}\n")), ["a.md:2: more than 100 columns"]);
        assert_eq!(shape("a.md", &format!("| {wide} |\n```\n{wide}\n```\n")), [""; 0]);
        assert_eq!(shape(MAP, &format!("| {wide} |\n")).len(), 1);
        assert_eq!(shape(MAP, &"x\n".repeat(160)), [""; 0]);
        assert_eq!(shape(MAP, &"x\n".repeat(161)).len(), 1);
    }
}
