//! spin.toml: what each component is given. A secret reaches only those that cannot work without
//! it, and so does the way out of the house.

use anyhow::{Context, Result};

/// Every variable that lets its holder do something, and who may hold it.
const HOLDERS: [(&str, &[&str]); 9] = [
    // A holder of these can make tokens; the others have verifying_keys. The worker signs the links
    // in letters.
    (
        "signing_keys",
        &["auth", "queue-join", "queue-pass", "queue-stream", "pages", "tickets", "worker"],
    ),
    // Those with routes of the organiser; the others have organiser_key_digest.
    (
        "organiser_key",
        &[
            "events",
            "queue-pass",
            "bookings",
            "confirm",
            "release",
            "operations",
            "tickets",
            "checkin",
        ],
    ),
    ("worker_key", &["worker"]),
    ("stripe_webhook_secret", &["webhook"]),
    ("stripe_api_key", &["payment", "worker"]),
    ("stripe_allowed_host", &["payment", "worker"]),
    ("notification_secret", &["worker"]),
    ("mail_api_key", &["worker"]),
    ("mail_allowed_host", &["worker"]),
];

/// Secrets of a store, and the variable that opens the way to it: who has one has the other.
const STORES: [(&str, &str); 2] =
    [("database_url", "postgres_allowed_host"), ("redis_password", "redis_allowed_host")];

/// What is wrong with the rights of the components in `text`, the manifest.
pub(super) fn check(text: &str) -> Result<Vec<String>> {
    let manifest: toml::Table = toml::from_str(text).context("spin.toml")?;
    let components = manifest.get("component").and_then(toml::Value::as_table);
    let components = components.context("spin.toml has no components")?;
    let mut complaints = unlisted_secrets(&manifest);
    for (name, component) in components {
        let hosts = component.get("allowed_outbound_hosts").and_then(toml::Value::as_array);
        let hosts = hosts.into_iter().flatten().filter_map(toml::Value::as_str);
        let hosts = hosts.collect::<Vec<_>>().join(" ");
        let variables = component.get("variables").and_then(toml::Value::as_table);
        let holds = |variable: &str| {
            variables.is_some_and(|it| it.contains_key(variable)) || mentions(&hosts, variable)
        };
        for (variable, holders) in HOLDERS {
            if holds(variable) && !holders.contains(&name.as_str()) {
                complaints.push(format!("{name} must not have {variable}"));
            }
        }
        for (secret, host) in STORES {
            if holds(secret) != mentions(&hosts, host) {
                complaints.push(format!("{name} has one of {secret} and {host}, not both"));
            }
        }
        let renamed = variables
            .into_iter()
            .flatten()
            .filter(|(variable, value)| value.as_str() != Some(&format!("{{{{ {variable} }}}}")));
        complaints.extend(renamed.map(|(variable, _)| format!("{name} renames {variable}")));
        if hosts.contains("//*") || hosts.contains("\"*") {
            complaints.push(format!("{name} may reach any host"));
        }
    }
    Ok(complaints.into_iter().map(|it| format!("spin.toml: {it}")).collect())
}

/// A new secret has to be thought about here.
fn unlisted_secrets(manifest: &toml::Table) -> Vec<String> {
    let variables = manifest.get("variables").and_then(toml::Value::as_table);
    let is_secret =
        |it: &toml::Value| it.get("secret").and_then(toml::Value::as_bool) == Some(true);
    let secrets = variables.into_iter().flatten().filter(|(_, it)| is_secret(it));
    let is_listed = |name: &str| {
        HOLDERS.iter().any(|(it, _)| *it == name) || STORES.iter().any(|(it, _)| *it == name)
    };
    let unlisted = secrets.filter(|(name, _)| !is_listed(name));
    unlisted.map(|(name, _)| format!("who may hold {name} is not said in tidy")).collect()
}

fn mentions(text: &str, variable: &str) -> bool {
    text.contains(&format!("{{{{ {variable} }}}}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = include_str!("../../../spin.toml");

    #[test]
    fn the_components_of_this_repository_have_what_they_need() {
        assert_eq!(check(MANIFEST).expect("is read"), Vec::<String>::new());
    }

    #[test]
    fn each_right_too_many_is_found() {
        let variables = "[component.reserve.variables]\n";
        for (from, to, complaint) in [
            (
                variables,
                "[component.reserve.variables]\nsigning_keys = \"{{ signing_keys }}\"\n",
                "reserve must not have signing_keys",
            ),
            (
                variables,
                "[component.reserve.variables]\nworker_key = \"{{ worker_key }}\"\n",
                "reserve must not have worker_key",
            ),
            (
                variables,
                "[component.reserve.variables]\nother = \"{{ worker_key }}\"\n",
                "reserve renames other",
            ),
            (
                "allowed_outbound_hosts = [\"{{ redis_allowed_host }}\", \"{{ postgres_allowed_host }}\"]\n",
                "allowed_outbound_hosts = []\n",
                "auth has one of redis_password and redis_allowed_host, not both",
            ),
            (
                "allowed_outbound_hosts = [\"{{ redis_allowed_host }}\", \"{{ postgres_allowed_host }}\"]\n",
                "allowed_outbound_hosts = [\"https://*\"]\n",
                "auth may reach any host",
            ),
            (
                "[variables]\n",
                "[variables]\nnew_key = { default = \"\", secret = true }\n",
                "who may hold new_key is not said in tidy",
            ),
        ] {
            assert!(MANIFEST.contains(from), "{from}");
            let found = check(&MANIFEST.replacen(from, to, 1)).expect("is read");
            assert!(found.iter().any(|it| it.contains(complaint)), "{complaint}: {found:?}");
        }
    }
}
