//! spin.toml against the folders of the components.

use anyhow::{Context, Result};

/// Every component is in the manifest, says there what it is for, and every entry has a folder.
pub(super) fn check(text: &str, components: &[String]) -> Result<Vec<String>> {
    let manifest: toml::Table = toml::from_str(text).context("spin.toml")?;
    let listed = manifest.get("component").and_then(toml::Value::as_table);
    let listed = listed.context("spin.toml has no components")?;
    let mut complaints = Vec::new();
    for name in components.iter().filter(|name| !listed.contains_key(*name)) {
        complaints.push(format!("spin.toml: the component {name} is missing"));
    }
    for name in listed.keys() {
        if !components.contains(name) {
            complaints.push(format!("spin.toml: components/{name} does not exist"));
        }
        if !has_comment(text, name) {
            complaints.push(format!("spin.toml: no comment above [component.{name}]"));
        }
        if !is_triggered(&manifest, name) {
            complaints.push(format!("spin.toml: no trigger leads to {name}"));
        }
    }
    Ok(complaints)
}

fn has_comment(text: &str, name: &str) -> bool {
    let head = format!("[component.{name}]");
    let lines: Vec<&str> = text.lines().collect();
    let place = lines.iter().position(|line| line.trim() == head);
    place.is_some_and(|place| place > 0 && lines[place - 1].starts_with("# "))
}

fn is_triggered(manifest: &toml::Table, name: &str) -> bool {
    let kinds = manifest.get("trigger").and_then(toml::Value::as_table);
    let triggers = kinds.into_iter().flat_map(|kinds| kinds.values());
    let mut triggers = triggers.filter_map(toml::Value::as_array).flatten();
    triggers.any(|trigger| trigger.get("component").and_then(toml::Value::as_str) == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[[trigger.http]]\nroute = \"/a\"\ncomponent = \"a\"\n\n\
        # What it is for.\n[component.a]\nsource = \"a.wasm\"\n";

    fn complaints(text: &str, components: &[&str]) -> Vec<String> {
        let components: Vec<String> = components.iter().map(|&name| name.to_owned()).collect();
        check(text, &components).expect("is read")
    }

    #[test]
    fn a_manifest_that_lists_its_components_is_fine() {
        assert_eq!(complaints(GOOD, &["a"]), Vec::<String>::new());
    }

    #[test]
    fn what_is_missing_on_either_side_is_found() {
        assert_eq!(complaints(GOOD, &["a", "b"]), ["spin.toml: the component b is missing"]);
        assert_eq!(complaints(GOOD, &[]), ["spin.toml: components/a does not exist"]);
        let silent = GOOD.replace("# What it is for.\n", "");
        assert_eq!(complaints(&silent, &["a"]), ["spin.toml: no comment above [component.a]"]);
        let idle = GOOD.replace("component = \"a\"", "component = \"x\"");
        assert_eq!(complaints(&idle, &["a"]), ["spin.toml: no trigger leads to a"]);
    }
}
