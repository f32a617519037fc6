//! A program that ends without running destructors leaves no server and no folder behind.

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Set for the copy of this test that starts servers and ends at once.
const ROLE: &str = "BOXOFFICE_TEST_LEFTOVERS";

/// The guardian needs a moment after the program has ended.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn nothing_is_left_when_a_program_just_exits() {
    if std::env::var_os(ROLE).is_some() {
        let nodes = stack::shared_redis();
        println!("node {}", nodes[0]);
        let folder = tempfile::tempdir().expect("a folder").keep();
        let postgres = stack::Postgres::start(&folder, &stack::PostgresOptions::default());
        println!("postgres {}", postgres.as_ref().expect("starts").pid());
        std::process::exit(7);
    }
    let program = std::env::current_exe().expect("knows itself");
    let output = Command::new(program)
        .args(["--nocapture", "nothing_is_left"])
        .env(ROLE, "1")
        .env_remove("BOXOFFICE_TEST_REDIS_NODES")
        .output()
        .expect("runs");
    assert_eq!(output.status.code(), Some(7), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.split_once(name));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).1.trim().to_owned()
    };
    let (node, postgres) = (value("node "), value("postgres "));
    let start = Instant::now();
    while std::net::TcpStream::connect(&node).is_ok() || is_alive(&postgres) {
        assert!(start.elapsed() < PATIENCE, "{node} or process {postgres} is still there");
        sleep(Duration::from_millis(50));
    }
}

fn is_alive(pid: &str) -> bool {
    let output = Command::new("ps").args(["-o", "stat=", "-p", pid]).output().expect("ps runs");
    !output.stdout.is_empty()
}
