//! docker-compose.yml: the addresses, the mapping and what is published agree.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use yaml_rust2::{Yaml, YamlLoader};

/// Three masters and three replicas.
const REDIS_NODES: usize = 6;

pub(super) fn check(text: &str) -> Result<Vec<String>> {
    let documents = YamlLoader::load_from_str(text).context("docker-compose.yml")?;
    let document = documents.first().context("docker-compose.yml is empty")?;
    let services = document["services"].as_hash().context("docker-compose.yml has no services")?;
    let mut complaints = Vec::new();

    let mut nodes = BTreeMap::new();
    for (name, service) in services {
        let name = name.as_str().unwrap_or_default();
        if name.starts_with("redis-") && service["networks"].as_hash().is_some() {
            let address = address_of(service).context("a Redis node without address")?;
            nodes.insert(name.to_owned(), address);
        }
        complaints.extend(published(name, service));
        complaints.extend(dependencies(name, service, services));
    }
    if nodes.len() != REDIS_NODES {
        complaints.push(format!("docker-compose.yml: {} Redis nodes", nodes.len()));
    }
    complaints.extend(disagreements(&nodes, services));
    Ok(complaints)
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
    open.map(|port| format!("docker-compose.yml: {name} publishes {port} to every network"))
        .collect()
}

/// Who is waited for exists.
fn dependencies(name: &str, service: &Yaml, services: &yaml_rust2::yaml::Hash) -> Vec<String> {
    let awaited = service["depends_on"].as_hash().into_iter().flat_map(|it| it.keys());
    let unknown = awaited.filter(|other| !services.contains_key(*other));
    unknown
        .map(|other| {
            let other = other.as_str().unwrap_or_default();
            format!("docker-compose.yml: {name} waits for {other}, which does not exist")
        })
        .collect()
}

/// Each node announces its own address, the job that forms the cluster and the application know
/// all of them, and each is published under the port the address mapping gives it.
fn disagreements(
    nodes: &BTreeMap<String, String>,
    services: &yaml_rust2::yaml::Hash,
) -> Vec<String> {
    let service = |name: &str| &services[&Yaml::String(name.to_owned())];
    let has = |name: &str| services.contains_key(&Yaml::String(name.to_owned()));
    let mut complaints = Vec::new();
    for (name, address) in nodes {
        if !text_of(&service(name)["command"]).contains(address.as_str()) {
            complaints.push(format!("docker-compose.yml: {name} does not announce {address}"));
        }
        let endpoint = format!("{address}:6379");
        for (other, field) in [("redis-cluster", "command"), ("app", "environment")] {
            if !has(other) || !text_of(&service(other)[field]).contains(&endpoint) {
                complaints.push(format!("docker-compose.yml: {other} does not know {endpoint}"));
            }
        }
        let ports = text_of(&service(name)["ports"]);
        let port = ports.trim().strip_prefix("127.0.0.1:").and_then(|it| it.split(':').next());
        let mapping = format!("{endpoint}=127.0.0.1:{}", port.unwrap_or("?"));
        let mappings = has("rush").then(|| text_of(&service("rush")["environment"]));
        if !mappings.is_some_and(|text| text.contains(&mapping)) {
            complaints.push(format!("docker-compose.yml: no mapping {mapping}"));
        }
    }
    complaints
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
