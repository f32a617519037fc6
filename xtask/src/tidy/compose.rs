//! docker-compose.yml: the addresses, the mapping and what is published agree.

use anyhow::{Context, Result};
use yaml_rust2::yaml::Hash;
use yaml_rust2::{Yaml, YamlLoader};

/// Three masters and three replicas.
const REDIS_NODES: usize = 6;

/// `environment` is the text of infra/containers.env, for programs outside of the containers.
pub(super) fn check(text: &str, environment: &str) -> Result<Vec<String>> {
    let documents = YamlLoader::load_from_str(text).context("docker-compose.yml")?;
    let document = documents.first().context("docker-compose.yml is empty")?;
    let services = document["services"].as_hash().context("docker-compose.yml has no services")?;
    let mut complaints = Vec::new();
    let mut nodes = 0;
    for (name, service) in services {
        let name = name.as_str().unwrap_or_default();
        complaints.extend(published(name, service));
        complaints.extend(dependencies(name, service, services));
        let number = name.strip_prefix("redis-").and_then(|it| it.parse::<usize>().ok());
        if number.is_none() {
            continue;
        }
        complaints.extend(node(name, service, environment));
        // Nodes with a profile are extra and join later.
        if service["profiles"].is_badvalue() {
            nodes += 1;
            complaints.extend(known(service, services));
        }
    }
    if nodes != REDIS_NODES {
        complaints.push(format!("{nodes} Redis nodes instead of {REDIS_NODES}"));
    }
    Ok(complaints.into_iter().map(|it| format!("docker-compose.yml: {it}")).collect())
}

/// A node announces its own address, and outside it is found on the port that is published.
fn node(name: &str, service: &Yaml, environment: &str) -> Vec<String> {
    let Some(address) = address_of(service) else { return vec![format!("{name} has no address")] };
    let mut complaints = Vec::new();
    let announces = service["command"].as_str().unwrap_or_default();
    if !announces.ends_with(&format!("--cluster-announce-ip {address}")) {
        complaints.push(format!("{name} does not announce {address}"));
    }
    let ports = text_of(&service["ports"]);
    let published = ports.trim().strip_suffix(":6379").unwrap_or("?");
    let mapping = format!("{address}:6379={published}");
    let is_mapping = |words: &str| words.split([',', '\'']).any(|word| word == mapping);
    if !environment.lines().any(is_mapping) {
        complaints.push(format!("infra/containers.env does not have {mapping}"));
    }
    complaints
}

/// The job that forms the cluster and the application know the node.
fn known(service: &Yaml, services: &Hash) -> Vec<String> {
    let endpoint = format!("{}:6379", address_of(service).unwrap_or_default());
    let knows = |name: &str| {
        let other = services.get(&Yaml::String(name.to_owned()));
        let text = other.map(|other| text_of(&other["environment"])).unwrap_or_default();
        text.split([',', ' ']).any(|word| word == endpoint)
    };
    let ignorant = ["redis-cluster", "app", "rush"].into_iter().filter(|name| !knows(name));
    ignorant.map(|name| format!("{name} does not know {endpoint}")).collect()
}

/// The fixed address of a service in its network.
fn address_of(service: &Yaml) -> Option<String> {
    let networks = service["networks"].as_hash()?;
    let addresses = networks.values().filter_map(|it| it["ipv4_address"].as_str());
    addresses.map(str::to_owned).next()
}

/// Only this machine may reach what is published.
fn published(name: &str, service: &Yaml) -> Vec<String> {
    let ports = service["ports"].as_vec().map(Vec::as_slice).unwrap_or_default();
    let open = ports.iter().filter_map(Yaml::as_str).filter(|it| !it.starts_with("127.0.0.1:"));
    open.map(|port| format!("{name} publishes {port} to every network")).collect()
}

/// Every service that another one waits for exists.
fn dependencies(name: &str, service: &Yaml, services: &Hash) -> Vec<String> {
    let awaited = service["depends_on"].as_hash().into_iter().flat_map(|it| it.keys());
    let unknown = awaited.filter(|other| !services.contains_key(*other));
    unknown
        .map(|other| {
            let other = other.as_str().unwrap_or_default();
            format!("{name} waits for {other}, which does not exist")
        })
        .collect()
}

/// Every text inside a value, one after the other.
fn text_of(value: &Yaml) -> String {
    match value {
        Yaml::String(text) => format!("{text} "),
        Yaml::Array(values) => values.iter().map(text_of).collect(),
        Yaml::Hash(values) => values.values().map(text_of).collect(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENVIRONMENT: &str = include_str!("../../../infra/containers.env");
    const COMPOSE: &str = include_str!("../../../docker-compose.yml");

    #[test]
    fn the_topology_of_this_repository_agrees_with_itself() {
        assert_eq!(check(COMPOSE, ENVIRONMENT).expect("is read"), Vec::<String>::new());
    }

    #[test]
    fn each_disagreement_is_found() {
        let broken = [
            ("--cluster-announce-ip 172.30.0.12", "", "redis-2 does not announce 172.30.0.12"),
            ("127.0.0.1:7003:6379", "127.0.0.1:7013:6379", "172.30.0.13:6379=127.0.0.1:7013"),
            ("127.0.0.1:3000:3000", "3000:3000", "app publishes 3000:3000 to every network"),
            ("172.30.0.15:6379,", "", "app does not know 172.30.0.15:6379"),
            ("  redis-6:\n    <<", "  redis-x:\n    <<", "5 Redis nodes instead of 6"),
            ("  migrations:\n", "  migration:\n", "app waits for migrations"),
        ];
        for (from, to, complaint) in broken {
            assert!(COMPOSE.contains(from), "{from}");
            let found = check(&COMPOSE.replace(from, to), ENVIRONMENT).expect("is read");
            assert!(found.iter().any(|it| it.contains(complaint)), "{complaint}: {found:?}");
        }
    }
}
