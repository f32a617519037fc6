//! The host refuses at start whatever it does not implement.

use crate::support::Application;

fn check(application: Application, expected: &[&str]) {
    let error = application.refused();
    for part in expected {
        assert!(error.contains(part), "no {part:?} in {error}");
    }
}

#[test]
fn an_unsupported_field_is_refused_by_name() {
    let application = Application::new().probe("key_value_stores = [\"default\"]");
    check(application, &["key_value_stores", "Spin CLI"]);
}

#[test]
fn an_unsupported_trigger_is_refused_by_name() {
    let trigger = "[[trigger.mqtt]]\ncomponent = \"probe\"\n";
    check(Application::new().and(trigger), &["mqtt", "Spin CLI"]);
}

#[test]
fn service_chaining_is_refused() {
    check(Application::new().allowed("[\"http://other.spin.internal\"]"), &["between components"]);
}

#[test]
fn a_component_that_is_not_there_is_refused() {
    let application = Application::new()
        .and("[[trigger.http]]\nroute = \"/x\"\ncomponent = \"gone\"\n[component.gone]\nsource = \"gone.wasm\"");
    check(application, &["gone", "gone.wasm"]);
}

#[test]
fn a_cron_expression_without_seconds_is_refused() {
    let trigger = "[[trigger.cron]]\ncomponent = \"probe\"\ncron_expression = \"* * * * *\"\n";
    check(Application::new().and(trigger), &["* * * * *", "six fields"]);
}
