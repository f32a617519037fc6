//! The headers that Spin adds to a client's request, in Spin's form.

use std::net::SocketAddr;
use std::str;

use anyhow::{Context, Result, bail};
use http::header::HOST;
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri};

use crate::routes::RouteMatch;

/// Makes the URI absolute: a guest wants to know the host it was reached at.
///
/// The host is that of the `Host` header or of the URI; two that differ are an error.
pub(super) fn make_absolute<B>(request: &mut Request<B>) -> Result<()> {
    let header = request.headers().get(HOST).map(authority).transpose()?;
    let mut parts = request.uri().clone().into_parts();
    let authority = match (header, parts.authority) {
        (None, None) => bail!("no Host header"),
        (Some(header), Some(uri)) if header != uri => {
            bail!("the Host header and the URI name different hosts")
        }
        (_, Some(authority)) | (Some(authority), None) => authority,
    };
    parts.authority = Some(authority);
    parts.scheme = Some(Scheme::HTTP);
    *request.uri_mut() = Uri::from_parts(parts)?;
    Ok(())
}

fn authority(header: &HeaderValue) -> Result<Authority> {
    header.to_str()?.parse().context("the Host header is no authority")
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
        None => "localhost",
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
        assert_eq!(absolute("http://h/a", None).unwrap(), "http://h/a");
    }

    #[test]
    fn no_host_or_two_is_an_error() {
        assert!(absolute("/a", None).is_err());
        assert!(absolute("http://h/a", Some("i")).is_err());
    }
}
