//! Which trigger answers which path.

use crate::support::Application;

fn fixed(route: &str, body: &str) -> String {
    format!("[[trigger.http]]\nroute = \"{route}\"\nstatic_response = {{ body = \"{body}\" }}\n")
}

#[test]
fn the_most_specific_route_answers() {
    let triggers = fixed("/...", "all")
        + &fixed("/a/...", "below a")
        + &fixed("/a/:b", "parameter")
        + &fixed("/a/b", "exact");
    let host = Application::with_triggers(&triggers).start();
    for (path, body) in [
        ("/a/b", "exact"),
        ("/a/c", "parameter"),
        ("/a/c/d", "below a"),
        ("/a", "below a"),
        ("/a/", "below a"),
        ("/x", "all"),
        ("/", "all"),
    ] {
        assert_eq!(host.get(path).body, body, "{path}");
    }
}

#[test]
fn of_duplicate_routes_the_last_one_answers() {
    let host = Application::with_triggers(&(fixed("/a", "one") + &fixed("/a", "two"))).start();
    assert_eq!(host.get("/a").body, "two");
    host.expect_log("duplicate route");
}

#[test]
fn a_path_without_a_route_is_a_404_without_a_body() {
    let host = Application::with_triggers(&fixed("/a", "one")).start();
    let response = host.get("/b");
    assert_eq!((response.status, response.body.as_str()), (404, ""));
    assert_eq!(response.header("content-length"), Some("0"));
}

#[test]
fn a_private_route_cannot_be_reached() {
    let triggers = "[[trigger.http]]\nroute = { private = true }\ncomponent = \"probe\"\n";
    let host = Application::with_triggers(&(triggers.to_owned() + &fixed("/a", "one"))).start();
    assert_eq!(host.get("/").status, 404);
    assert_eq!(host.get("/probe").status, 404);
}

#[test]
fn a_static_response_has_a_status_headers_and_a_body() {
    let host = Application::with_triggers(
        r#"
        [[trigger.http]]
        route = "/moved"
        static_response = { status_code = 307, headers = { location = "/new" }, body = "there" }
        [[trigger.http]]
        route = "/empty"
        static_response = {}
        "#,
    )
    .start();
    let moved = host.get("/moved");
    assert_eq!((moved.status, moved.body.as_str()), (307, "there"));
    assert_eq!(moved.header("location"), Some("/new"));
    let empty = host.get("/empty");
    assert_eq!((empty.status, empty.body.as_str()), (200, ""));
}

#[test]
fn the_reserved_paths_are_answered_by_the_host() {
    let host = Application::new().start();
    let health = host.get("/.well-known/spin/health");
    assert_eq!((health.status, health.body.as_str()), (200, "OK"));
    let info = host.get("/.well-known/spin/info").json();
    assert_eq!(info, serde_json::json!({ "name": "tested", "version": "1.2.3" }));
    assert_eq!(host.get("/.well-known/spin/other").status, 404);
}
