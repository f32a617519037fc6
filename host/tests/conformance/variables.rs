//! Application variables.

use serde_json::json;

use crate::support::Application;

const VARIABLES: &str = "
[variables]
given = { required = true }
other = { required = true, secret = true }
colour = { default = \"red\" }
hidden = { default = \"x\" }
";

const MAPPED: &str = "[component.probe.variables]
given = \"{{ given }}\"
paint = \"a {{ colour }} door, {{other}}\"
";

fn application() -> Application {
    Application::new().and(VARIABLES).probe(MAPPED)
}

#[test]
fn a_component_sees_its_own_variables_with_values_and_defaults() {
    let host = application()
        .environment("SPIN_VARIABLE_GIVEN", "from the environment")
        .env_file("SPIN_VARIABLE_OTHER=\"from the file\"\nSPIN_VARIABLE_GIVEN=unused\n")
        .start();
    let value = |name: &str| host.get(&format!("/variable/{name}")).json();
    assert_eq!(value("given"), json!({ "ok": "\"from the environment\"" }));
    assert_eq!(value("paint"), json!({ "ok": "\"a red door, from the file\"" }));
}

#[test]
fn a_variable_of_the_application_that_is_not_mapped_is_undefined() {
    let host =
        application().arguments(&["--variable", "given=1", "--variable", "other=a=b"]).start();
    let value = |name: &str| host.get(&format!("/variable/{name}")).json();
    assert_eq!(value("paint"), json!({ "ok": "\"a red door, a=b\"" }));
    let undefined =
        json!({ "error": r#"Error::Undefined("no variable for \"probe\".\"hidden\"")"# });
    assert_eq!(value("hidden"), undefined);
    let invalid = value("BAD")["error"].as_str().unwrap().to_owned();
    assert!(invalid.starts_with("Error::InvalidName"), "{invalid}");
}

#[test]
fn missing_variables_stop_the_start_and_are_all_named() {
    let error = application().refused();
    assert!(error.contains("given, other"), "{error}");
}
