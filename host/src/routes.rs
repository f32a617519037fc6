//! Which trigger answers a path.
//!
//! The matching is the routefinder crate's because Spin's is: the same route table must send the
//! same path to the same component.

use anyhow::{Result, anyhow};
use routefinder::{RouteSpec, Router as RouteFinder};

/// A route table: paths to destinations.
pub(crate) struct Router<D> {
    routes: RouteFinder<Route<D>>,
}

/// One route and its destination.
pub(crate) struct Route<D> {
    /// As written in the manifest.
    pub(crate) raw: String,
    /// With a leading and without a trailing slash.
    pub(crate) matched: String,
    /// As written, without a trailing wildcard.
    pub(crate) component_route: String,
    /// What answers.
    pub(crate) destination: D,
}

/// A route that matched a path, with what it took from the path.
pub(crate) struct RouteMatch<'r, D> {
    /// The route.
    pub(crate) route: &'r Route<D>,
    /// `:name` segments by name.
    pub(crate) parameters: Vec<(String, String)>,
    /// What a trailing wildcard stands for; empty without one.
    pub(crate) path_info: String,
}

impl<D> Router<D> {
    /// Builds the table. Of two routes written the same way the later one counts, as in Spin.
    pub(crate) fn new(routes: impl IntoIterator<Item = (String, D)>) -> Result<Self> {
        let mut unique: Vec<Route<D>> = Vec::new();
        for (raw, destination) in routes {
            if unique.iter().any(|route| route.raw == raw) {
                tracing::error!(route = raw, "duplicate route: the last trigger with it answers");
                unique.retain(|route| route.raw != raw);
            }
            unique.push(Route::new(raw, destination));
        }
        let mut table = RouteFinder::new();
        for route in unique {
            let pattern = route.pattern().map_err(|e| anyhow!("route {:?}: {e}", route.raw))?;
            table.add(pattern, route).map_err(|error| anyhow!("{error}"))?;
        }
        Ok(Self { routes: table })
    }

    /// The most specific route that matches.
    pub(crate) fn find(&self, path: &str) -> Option<RouteMatch<'_, D>> {
        let best = self.routes.best_match(path)?;
        let captures = best.captures();
        Some(RouteMatch {
            route: best.handler(),
            parameters: captures
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            path_info: captures
                .wildcard()
                .map_or_else(String::new, |rest| path_info(rest, path.ends_with('/'))),
        })
    }
}

impl<D> Route<D> {
    fn new(raw: String, destination: D) -> Self {
        let absolute = if raw.starts_with('/') { raw.clone() } else { format!("/{raw}") };
        Self {
            matched: absolute.strip_suffix('/').unwrap_or(&absolute).to_owned(),
            component_route: raw.strip_suffix("/...").unwrap_or(&raw).to_owned(),
            raw,
            destination,
        }
    }

    /// The route in routefinder's notation, where `/*` is the trailing wildcard.
    fn pattern(&self) -> Result<RouteSpec, String> {
        match self.matched.strip_suffix("/...") {
            Some(prefix) => format!("{prefix}/*").parse(),
            None => self.matched.parse(),
        }
    }
}

/// routefinder drops the slashes at both ends of what a wildcard matched; Spin keeps them.
fn path_info(rest: &str, trailing_slash: bool) -> String {
    let start = if rest.is_empty() { "" } else { "/" };
    let end = if trailing_slash { "/" } else { "" };
    format!("{start}{rest}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(routes: &[&str], rows: &[(&str, Option<(&str, &str)>)]) {
        let router = Router::new(routes.iter().map(|route| ((*route).to_owned(), ()))).unwrap();
        for (path, expected) in rows {
            let found = router.find(path);
            let found = found.as_ref().map(|m| (m.route.raw.as_str(), m.path_info.as_str()));
            assert_eq!(found, *expected, "{path} in {routes:?}");
        }
    }

    #[test]
    fn an_exact_route_wins_over_a_parameter_over_a_wildcard() {
        check(
            &["/...", "/a/:b", "/a/b", "/a/..."],
            &[
                ("/a/b", Some(("/a/b", ""))),
                ("/a/c", Some(("/a/:b", ""))),
                ("/a/c/d", Some(("/a/...", "/c/d"))),
                ("/x", Some(("/...", "/x"))),
            ],
        );
    }

    #[test]
    fn a_wildcard_also_matches_its_bare_prefix() {
        check(
            &["/a/..."],
            &[
                ("/a", Some(("/a/...", ""))),
                ("/a/", Some(("/a/...", "/"))),
                ("/a/b/", Some(("/a/...", "/b/"))),
                ("/b", None),
                ("/", None),
            ],
        );
    }

    #[test]
    fn parameters_are_given_by_name() {
        let router = Router::new([("/u/:user_id/x/:n/...".to_owned(), ())]).unwrap();
        let found = router.find("/u/7/x/8/rest").unwrap();
        let expected = [("user_id", "7"), ("n", "8")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(found.parameters, expected);
        assert_eq!(found.path_info, "/rest");
        assert_eq!(found.route.component_route, "/u/:user_id/x/:n");
    }

    #[test]
    fn of_duplicate_routes_the_last_one_answers() {
        let routes = [("/a".to_owned(), 1), ("/a".to_owned(), 2)];
        assert_eq!(Router::new(routes).unwrap().find("/a").unwrap().route.destination, 2);
    }
}
