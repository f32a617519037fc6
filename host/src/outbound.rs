//! `allowed_outbound_hosts`: which addresses a component may connect to.

use anyhow::{Context, Result, bail, ensure};
use ipnet::IpNet;
use std::net::IpAddr;
use std::ops::Range;
use url::{Host, Url};

/// The addresses one component may reach. Nothing is allowed that no entry allows.
#[derive(Debug, Default)]
pub(crate) struct AllowedHosts {
    entries: Vec<Entry>,
}

/// One entry: `scheme://host[:port]`.
#[derive(Debug, PartialEq)]
struct Entry {
    scheme: Option<String>,
    host: AllowedHost,
    ports: Ports,
}

#[derive(Debug, PartialEq)]
enum AllowedHost {
    Any,
    /// `*.example.com`, kept as `.example.com`.
    Subdomains(String),
    Exactly(Host),
    Network(IpNet),
}

#[derive(Debug, PartialEq)]
enum Ports {
    Any,
    /// The end is not included.
    Range(Range<u32>),
}

impl AllowedHosts {
    /// Parses entries whose variables have been replaced.
    ///
    /// An entry that a template left empty stands for an optional endpoint, and allows nothing.
    pub(crate) fn parse<S: AsRef<str>>(entries: &[S]) -> Result<Self> {
        let entries = entries
            .iter()
            .map(AsRef::as_ref)
            .filter(|entry| !matches!(*entry, "" | "http://" | "https://"))
            .map(|entry| Entry::parse(entry).with_context(|| format!("allowed host {entry:?}")))
            .collect::<Result<_>>()?;
        Ok(Self { entries })
    }

    /// Whether `address` may be reached. Without a scheme of its own it gets `scheme`.
    pub(crate) fn allow(&self, address: &str, scheme: &str) -> bool {
        let Some(url) = parse_address(address, scheme) else {
            // Not shown: an address can hold a password.
            tracing::warn!(scheme, "a component used an address that is no URL");
            return false;
        };
        let allowed = self.entries.iter().any(|entry| entry.allows(&url));
        if !allowed {
            tracing::warn!(
                scheme = url.scheme(),
                host = url.host_str(),
                port = url.port(),
                "a component may not connect there; see allowed_outbound_hosts"
            );
        }
        allowed
    }
}

/// An address is a URL, or the rest of one after `scheme://`.
///
/// The Redis client parses its addresses with the same `Url::parse`: what is checked here is what
/// is connected to there.
fn parse_address(address: &str, scheme: &str) -> Option<Url> {
    match Url::parse(address) {
        Ok(url) if url.has_host() => Some(url),
        _ => Url::parse(&format!("{scheme}://{address}")).ok().filter(Url::has_host),
    }
}

impl Entry {
    fn parse(text: &str) -> Result<Self> {
        let (scheme, rest) = text
            .trim()
            .split_once("://")
            .context("an allowed host is written scheme://host[:port], each may be *")?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.rsplit_once(':') {
            // The colons of an IPv6 address without a port.
            Some(_) if AllowedHost::parse(rest).is_ok() => (rest, None),
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        };
        ensure!(
            scheme == "*" || (!scheme.is_empty() && scheme.chars().all(char::is_alphabetic)),
            "a scheme is * or one word of letters"
        );
        Ok(Self {
            scheme: (scheme != "*").then(|| scheme.to_owned()),
            host: AllowedHost::parse(host)?,
            ports: Ports::parse(port, scheme)?,
        })
    }

    fn allows(&self, url: &Url) -> bool {
        self.scheme.as_ref().is_none_or(|scheme| scheme == url.scheme())
            && self.host.allows(url)
            && self.ports.allows(url.port(), url.scheme())
    }
}

impl AllowedHost {
    fn parse(text: &str) -> Result<Self> {
        if text == "*" {
            return Ok(Self::Any);
        }
        if text == "self" || text.ends_with("spin.internal") {
            bail!("this host does not pass requests between components; the Spin CLI does");
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Network(address.into()));
        }
        if let Ok(network) = text.parse::<IpNet>() {
            return Ok(Self::Network(network.trunc()));
        }
        ensure!(!text.contains('/'), "an allowed host has no path");
        if let Some(domain) = text.strip_prefix("*.") {
            let Host::Domain(domain) = Host::parse(domain)? else {
                bail!("*. goes before a domain only");
            };
            return Ok(Self::Subdomains(format!(".{domain}")));
        }
        ensure!(!text.contains('*'), "* stands alone or at the start as *.");
        Ok(Self::Exactly(Host::parse(text)?))
    }

    fn allows(&self, url: &Url) -> bool {
        // The URL parser leaves an IP address as a domain when it does not know the scheme.
        let Some(Ok(host)) = url.host_str().map(Host::parse) else {
            return false;
        };
        match (self, host) {
            (Self::Any, _) => true,
            (Self::Subdomains(suffix), Host::Domain(domain)) => domain.ends_with(suffix),
            (Self::Exactly(exactly), host) => *exactly == host,
            (Self::Network(network), Host::Ipv4(address)) => network.contains(&IpAddr::V4(address)),
            (Self::Network(network), Host::Ipv6(address)) => network.contains(&IpAddr::V6(address)),
            (Self::Subdomains(_) | Self::Network(_), _) => false,
        }
    }
}

impl Ports {
    fn parse(text: Option<&str>, scheme: &str) -> Result<Self> {
        let port = match text {
            Some("*") => return Ok(Self::Any),
            None | Some("") => default_port(scheme)
                .with_context(|| format!("scheme {scheme:?} has no default port: write one"))?,
            Some(text) => {
                if let Some((start, end)) = text.split_once("..") {
                    let (start, end): (u16, u16) = (start.parse()?, end.parse()?);
                    return Ok(Self::Range(u32::from(start)..u32::from(end)));
                }
                text.parse::<u16>().with_context(|| format!("port {text:?} is no number"))?
            }
        };
        Ok(Self::Range(u32::from(port)..u32::from(port) + 1))
    }

    fn allows(&self, port: Option<u16>, scheme: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Range(range) => port
                .or_else(|| default_port(scheme))
                .is_some_and(|port| range.contains(&u32::from(port))),
        }
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        "postgres" => Some(5432),
        "redis" => Some(6379),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(entry: &str, allowed: &[&str], refused: &[&str]) {
        let hosts = AllowedHosts::parse(&[entry]).unwrap();
        for address in allowed {
            assert!(hosts.allow(address, "redis"), "{entry} should allow {address}");
        }
        for address in refused {
            assert!(!hosts.allow(address, "redis"), "{entry} should refuse {address}");
        }
    }

    #[test]
    fn an_entry_allows_its_scheme_host_and_port_only() {
        check(
            "redis://127.0.0.1:7001",
            &["redis://127.0.0.1:7001", "redis://127.0.0.1:7001/0", "127.0.0.1:7001"],
            &["redis://127.0.0.1:7002", "redis://127.0.0.2:7001", "rediss://127.0.0.1:7001", ""],
        );
    }

    #[test]
    fn any_port_a_range_and_the_default_port() {
        check("redis://h:*", &["redis://h", "redis://h:1"], &["redis://i:1"]);
        check("redis://h:7000..7002", &["redis://h:7000", "redis://h:7001"], &["redis://h:7002"]);
        check("redis://h", &["redis://h", "redis://h:6379"], &["redis://h:6380"]);
    }

    #[test]
    fn networks_match_addresses_and_never_names() {
        check("redis://10.0.0.0/8:*", &["redis://10.1.2.3:1"], &["redis://11.0.0.1", "redis://a"]);
        check("redis://[::1]:6379", &["redis://[::1]"], &["redis://[::2]"]);
    }

    #[test]
    fn wildcards_for_hosts() {
        check("https://*.stripe.com", &["https://api.stripe.com/v1"], &["https://stripe.com"]);
        check("*://*:*", &["http://a:1", "redis://b"], &[]);
    }

    #[test]
    fn a_user_and_password_do_not_matter() {
        check(
            "redis://h",
            &["redis://u:p@h", "redis://:p%@h/0", "redis://a:b@c@h"],
            &["redis://h:1@i", "redis://i?@h", "redis://i#@h", "redis://i/@h"],
        );
    }

    #[test]
    fn what_is_not_implemented_or_wrong_is_refused() {
        for entry in
            ["*", "redis://", "rediss://h", "http://self", "http://a.spin.internal", "a://b/c:1"]
        {
            assert!(AllowedHosts::parse(&[entry]).is_err(), "{entry}");
        }
    }

    #[test]
    fn an_empty_entry_allows_nothing() {
        check("", &[], &["redis://h"]);
    }
}
