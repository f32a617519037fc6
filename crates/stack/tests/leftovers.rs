//! A program that ends without running destructors leaves no server and no folder behind.

use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Set for the copy of this test that starts servers and ends at once.
const ROLE: &str = "BOXOFFICE_TEST_LEFTOVERS";

/// Where that copy puts its Postgres.
const FOLDER: &str = "BOXOFFICE_TEST_FOLDER";

/// The guardian needs a moment after the program has ended.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

#[test]
fn nothing_is_left_when_a_program_just_exits() {
    if std::env::var_os(ROLE).is_some() {
        let nodes = stack::shared_redis();
        println!("node {}", nodes[0]);
        let folder = std::env::var_os(FOLDER).expect("is set");
        let durability = stack::Durability::Process;
        let postgres = stack::Postgres::start(Path::new(&folder), durability).expect("starts");
        println!("postgres {}", postgres.pid());
        std::process::exit(7);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let program = std::env::current_exe().expect("knows itself");
    let output = Command::new(program)
        .args(["--nocapture", "nothing_is_left"])
        .env(ROLE, "1")
        .env(FOLDER, folder.path())
        .env_remove("BOXOFFICE_TEST_REDIS_NODES")
        .output()
        .expect("runs");
    assert_eq!(output.status.code(), Some(7), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.split_once(name));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).1.trim().to_owned()
    };
    let node = value("node ");
    let postgres: u32 = value("postgres ").parse().expect("a process id");
    let start = Instant::now();
    while std::net::TcpStream::connect(&node).is_ok() || stack::command_line(postgres).is_some() {
        assert!(start.elapsed() < PATIENCE, "{node} or process {postgres} is still there");
        sleep(LOOK_INTERVAL);
    }
}
