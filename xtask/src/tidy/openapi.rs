//! openapi.yaml against the routes of spin.toml and the codes of problems.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use domain::code::Code;
use yaml_rust2::{Yaml, YamlLoader};

/// What openapi.yaml and the program do not agree about.
pub(super) fn check(text: &str, manifest: &str) -> Result<Vec<String>> {
    let documents = YamlLoader::load_from_str(text).context("openapi.yaml")?;
    let document = documents.first().context("openapi.yaml is empty")?;
    let described = document["paths"].as_hash().context("openapi.yaml has no paths")?;
    let described: BTreeSet<String> =
        described.keys().filter_map(Yaml::as_str).map(str::to_owned).collect();
    let served = routes(manifest)?;
    let undescribed = served.difference(&described).map(|it| format!("{it} is not described"));
    let unserved = described.difference(&served).map(|it| format!("{it} is not in spin.toml"));
    let mut complaints: Vec<String> = undescribed.chain(unserved).collect();

    let listed = document["components"]["schemas"]["Code"]["enum"].as_vec();
    let listed: BTreeSet<&str> = listed.into_iter().flatten().filter_map(Yaml::as_str).collect();
    let known: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    complaints.extend(known.difference(&listed).map(|it| format!("the code {it} is missing")));
    complaints.extend(listed.difference(&known).map(|it| format!("there is no code {it}")));
    Ok(complaints.into_iter().map(|it| format!("openapi.yaml: {it}")).collect())
}

/// The routes of the HTTP triggers in the form of OpenAPI, but for the wildcard.
fn routes(manifest: &str) -> Result<BTreeSet<String>> {
    let manifest: toml::Table = toml::from_str(manifest).context("spin.toml")?;
    let triggers = manifest.get("trigger").and_then(|it| it.get("http"));
    let triggers = triggers.and_then(toml::Value::as_array).context("spin.toml has no routes")?;
    let routes = triggers.iter().filter_map(|it| it.get("route").and_then(toml::Value::as_str));
    let parameter = |part: &str| match part.strip_prefix(':') {
        Some(name) => format!("{{{name}}}"),
        None => part.to_owned(),
    };
    let in_braces = |route: &str| route.split('/').map(parameter).collect::<Vec<_>>().join("/");
    Ok(routes.filter(|route| !route.ends_with("...")).map(in_braces).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENAPI: &str = include_str!("../../../openapi.yaml");
    const MANIFEST: &str = include_str!("../../../spin.toml");

    #[test]
    fn each_disagreement_is_found() {
        for (from, to, complaint) in [
            ("  /metrics:\n", "  /numbers:\n", "/metrics is not described"),
            ("  /metrics:\n", "  /numbers:\n", "/numbers is not in spin.toml"),
            ("        - sold_out\n", "", "the code sold_out is missing"),
            ("        - sold_out\n", "        - gone\n", "there is no code gone"),
        ] {
            assert!(OPENAPI.contains(from), "{from}");
            let found = check(&OPENAPI.replacen(from, to, 1), MANIFEST).expect("is read");
            assert!(found.iter().any(|it| it.contains(complaint)), "{complaint}: {found:?}");
        }
    }
}
