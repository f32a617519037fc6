//! What the program tells before it breaks anything.

use std::process::Command;

fn output(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_chaos")).args(words).output().expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// A failing run can be replayed from its seed: the faults are the same in every process.
#[test]
fn a_seed_has_the_same_faults_each_time() {
    let first = output(&["--list", "--seed", "7"]);
    assert_eq!(first, output(&["--list", "--seed", "7"]));
    assert_ne!(first, output(&["--list", "--seed", "8"]));
    assert!(first.lines().count() > 4, "{first}");
}

#[test]
fn every_fault_is_listed_and_can_be_asked_for() {
    let faults = output(&["--list"]);
    for fault in ["forced-loss", "zombie", "kill-at:postgres.confirm_booking:after"] {
        assert!(faults.lines().any(|line| line == fault), "{fault}");
    }
    let unknown = Command::new(env!("CARGO_BIN_EXE_chaos")).args(["--fault", "rain"]).output();
    assert!(!unknown.expect("runs").status.success());
}
