//! What a component has of the machine: folders to read, its environment, a log.

use serde_json::{Value, json};

use crate::support::Application;

#[test]
fn folders_are_there_to_be_read_only() {
    let files = r#"files = [{ source = "data", destination = "/mounted" }]"#;
    let host = Application::new().probe(files).start();
    assert_eq!(host.get("/file/mounted/text").json(), json!({ "Ok": "from a file" }));
    assert_ne!(host.get("/write/mounted/text").json()["Err"], Value::Null);
    assert_ne!(host.get("/write/mounted/new").json()["Err"], Value::Null);
    assert_ne!(host.get("/file/etc/hostname").json()["Err"], Value::Null);
}

#[test]
fn the_environment_is_that_of_the_manifest() {
    let host = Application::new()
        .probe("environment = { COLOUR = \"red\" }")
        .environment("SECRET", "of the machine")
        .start();
    assert_eq!(host.get("/environment/COLOUR").json(), "red");
    assert_eq!(host.get("/environment/SECRET").json(), Value::Null);
}

#[test]
fn what_a_component_prints_is_logged_line_by_line_with_its_id() {
    let host = Application::new().start();
    host.get("/print/hello");
    host.expect_log("INFO guest: out hello component=\"probe\"");
    host.expect_log("INFO guest: second line component=\"probe\"");
    host.expect_log("WARN guest: err hello component=\"probe\"");
}

#[test]
fn the_log_can_be_json() {
    let host = Application::new().arguments(&["--log-json"]).start();
    host.get("/print/hello");
    host.expect_log("\"message\":\"out hello\",\"component\":\"probe\"");
}

#[test]
fn quiet_leaves_out_what_components_print() {
    let host = Application::new().arguments(&["--quiet"]).start();
    host.get("/print/hello");
    host.get("/fail");
    host.expect_log("this text stays inside");
    assert!(!host.log().contains("hello"), "{}", host.log());
}

#[test]
fn memory_beyond_the_bound_ends_the_instance() {
    let host = Application::new().arguments(&["--max-instance-memory", "33554432"]).start();
    assert_eq!(host.get("/leak-memory/1000000").status, 200);
    assert_eq!(host.get("/leak-memory/64000000").status, 500);
    assert_eq!(host.get("/count").status, 200);
}
