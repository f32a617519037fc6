//! The headers that Spin adds to a client's request, in Spin's form.

use std::net::SocketAddr;
use std::str;

use anyhow::{Context, Result, bail};
use http::header::HOST;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, Version};

use crate::routes::RouteMatch;

/// The host of a request that names none, as HTTP/1.0 allows: load balancers ask in that way.
const DEFAULT_HOST: &str = "localhost";

/// Makes the URI absolute: a guest wants to know the host it was reached at.
///
/// The host of the URI counts, and that of the `Host` header where the URI has none (RFC 9112,
/// section 3.2.2).
///
/// # Errors
///
/// What is to be answered with 400 (section 3.2): HTTP/1.1 without `Host`, two of them, or one that
/// is no host.
pub(super) fn make_absolute<B>(request: &mut Request<B>) -> Result<()> {
    let mut lines = request.headers().get_all(HOST).iter();
    let header = lines.next().map(authority).transpose()?;
    if lines.next().is_some() {
        bail!("two Host headers");
    }
    if header.is_none() && request.version() == Version::HTTP_11 {
        bail!("no Host header");
    }
    let mut parts = request.uri().clone().into_parts();
    let authority =
        parts.authority.or(header).unwrap_or_else(|| Authority::from_static(DEFAULT_HOST));
    // What is derived from the header is the same.
    if let Ok(host) = HeaderValue::from_str(authority.as_str()) {
        request.headers_mut().insert(HOST, host);
    }
    parts.authority = Some(authority);
    parts.scheme = Some(Scheme::HTTP);
    if parts.path_and_query.is_none() {
        parts.path_and_query = Some(PathAndQuery::from_static("/"));
    }
    *request.uri_mut() = Uri::from_parts(parts)?;
    Ok(())
}

fn authority(header: &HeaderValue) -> Result<Authority> {
    let authority: Authority =
        header.to_str()?.parse().context("the Host header is no authority")?;
    if authority.as_str().contains('@') {
        bail!("the Host header names a user");
    }
    let port = authority.as_str().get(authority.host().len()..).unwrap_or_default();
    if !port.trim_start_matches(':').bytes().all(|byte| byte.is_ascii_digit()) {
        bail!("the Host header has a port that is no number");
    }
    Ok(authority)
}

/// Adds the `spin-*` headers. Those a client sent under the same names **stay, and come first**:
/// as in Spin, so that code that trusts the first one fails here too.
pub(super) fn add_spin_headers<B, D>(
    request: &mut Request<B>,
    found: &RouteMatch<'_, D>,
    client: SocketAddr,
) -> Result<()> {
    if request.headers().values().any(|value| str::from_utf8(value.as_bytes()).is_err()) {
        bail!("a header is not UTF-8");
    }
    let host = match request.headers().get(HOST) {
        Some(host) => host.to_str()?,
        None => DEFAULT_HOST,
    };
    let uri = request.uri();
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let full_url = format!("{}://{host}{path}", uri.scheme_str().unwrap_or("http"));

    let route = found.route;
    let headers = request.headers_mut();
    append(headers, "spin-path-info", &found.path_info);
    append(headers, "spin-full-url", &full_url);
    append(headers, "spin-matched-route", &route.matched);
    append(headers, "spin-base-path", "/");
    append(headers, "spin-raw-component-route", &route.raw);
    append(headers, "spin-component-route", &route.component_route);
    append(headers, "spin-client-addr", &client.to_string());
    for (name, value) in &found.parameters {
        let name = name.replace('_', "-").to_ascii_lowercase();
        append(headers, &format!("spin-path-match-{name}"), value);
    }
    Ok(())
}

/// Skips a name or value that is invalid in a header, as Spin does: a parameter can have any name.
fn append(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
        headers.append(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn absolute(uri: &str, host: Option<&str>) -> Result<String> {
        let mut request = Request::builder().uri(uri);
        if let Some(host) = host {
            request = request.header(HOST, host);
        }
        let mut request = request.body(())?;
        make_absolute(&mut request)?;
        Ok(request.uri().to_string())
    }

    #[test]
    fn the_uri_takes_the_host_of_the_header() {
        assert_eq!(absolute("/a?b", Some("h:1")).unwrap(), "http://h:1/a?b");
        assert_eq!(absolute("http://h/a", Some("h")).unwrap(), "http://h/a");
    }

    #[test]
    fn the_host_of_the_uri_counts_before_that_of_the_header() {
        assert_eq!(absolute("http://h/a", Some("i")).unwrap(), "http://h/a");
    }

    #[test]
    fn no_host_or_two_is_an_error_in_http_1_1() {
        assert!(absolute("/a", None).is_err());
        assert!(absolute("http://h/a", None).is_err());
        for host in ["", "user@h", "h h", "h/a", "h:x"] {
            assert!(absolute("/a", Some(host)).is_err(), "{host}");
        }
        let twice = Request::builder().uri("/a").header(HOST, "h").header(HOST, "h");
        assert!(make_absolute(&mut twice.body(()).unwrap()).is_err());
        let old = Request::builder().version(Version::HTTP_10).uri("/a");
        let mut old = old.body(()).unwrap();
        make_absolute(&mut old).unwrap();
        assert_eq!(old.uri().to_string(), "http://localhost/a");
    }
}
