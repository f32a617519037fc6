//! The servers start, come back with their data, break on request and leave nothing behind.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use stack::{Durability, Postgres, RedisCluster, RedisOptions, RedisServer, Reply};

/// How long something that happens by itself may take: a failover needs about 4 s.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// Owned by the first, second and third master of a new cluster.
const SLOTS: [u16; 3] = [0, 5_461, 16_383];

fn is_running(pid: u32) -> bool {
    stack::command_line(pid).is_some()
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{what}: not after {} s", PATIENCE.as_secs());
        sleep(LOOK_INTERVAL);
    }
}

fn cluster(folder: &Path) -> RedisCluster {
    RedisCluster::start(folder, &RedisOptions::default()).expect("the cluster starts")
}

#[test]
fn a_cluster_starts_in_order_survives_the_loss_of_a_master_and_comes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let redis = cluster(folder.path());
    for (index, slot) in SLOTS.into_iter().enumerate() {
        assert_eq!(redis.master_of(slot).expect("an owner"), index);
        assert_eq!(redis.replicas_of(index).expect("replicas"), [index + 3]);
    }
    // Slot 5,061 belongs to node 0.
    redis.command(0, &["SET", "bar", "kept"]).expect("is written");
    redis.command(0, &["WAIT", "1", "1000"]).expect("is copied");

    redis.kill(0).expect("is killed");
    eventually("the replica takes over", || redis.master_of(0).is_ok_and(|index| index == 3));
    redis.restart(0).expect("is started again");
    redis.wait_until_ready().expect("gets ready");
    assert_eq!(redis.replicas_of(3).expect("replicas"), [0]);

    let (nodes, pid) = (redis.nodes(), redis.pid(3));
    redis.stop().expect("stops");
    assert!(!is_running(pid));
    let redis = cluster(folder.path());
    assert_eq!(redis.nodes(), nodes);
    let owner = redis.master_of(5_061).expect("an owner");
    let value = redis.command(owner, &["GET", "bar"]).expect("is read");
    assert_eq!(value, Reply::Text("kept".to_owned()));
}

#[test]
fn a_paused_node_does_not_answer_until_it_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let redis = RedisServer::start(folder.path(), &RedisOptions::default()).expect("starts");
    redis.pause().expect("is paused");
    assert!(redis.command(&["PING"]).is_err());
    redis.resume().expect("goes on");
    assert_eq!(redis.command(&["PING"]).expect("answers"), Reply::Status("PONG".to_owned()));
}

#[test]
fn a_dropped_server_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let redis = RedisServer::start(folder.path(), &RedisOptions::default()).expect("starts");
    let pid = redis.pid();
    assert!(is_running(pid));
    redis.pause().expect("is paused");
    drop(redis);
    assert!(!is_running(pid));
}

#[test]
fn postgres_keeps_its_data_over_a_crash_and_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let schema = folder.path().join("schema");
    copy(&stack::schema_folder(), &schema);
    let first = "CREATE TABLE seat (name text PRIMARY KEY); INSERT INTO seat VALUES ('A-1-1');";
    std::fs::write(schema.join("migrations/V101__seats.sql"), first).expect("a file");

    let folder = folder.path().join("postgres");
    let postgres = Postgres::start(&folder, Durability::Machine).expect("starts");
    let url = postgres.create_database("crash").expect("a database");
    assert!(postgres.create_database("crash").is_err());
    let all = std::fs::read_dir(schema.join("migrations")).expect("the migrations").count();
    let migrate = || stack::migrate(&url, &schema).map(|it| (it.migrations, it.functions));
    assert_eq!(migrate().expect("migrates"), (all, true));
    postgres.kill().expect("is killed");
    assert!(migrate().is_err());
    postgres.restart().expect("is started again");
    assert_eq!(migrate().expect("migrates"), (0, false));

    postgres.stop().expect("stops");
    let postgres = Postgres::start(&folder, Durability::Process).expect("starts");
    // It fails when the table has lost its row or was never there.
    let second = "INSERT INTO seat SELECT name || '2' FROM seat; \
                  DO $$ BEGIN ASSERT (SELECT count(*) FROM seat) = 2; END $$;";
    std::fs::write(schema.join("migrations/V102__seats.sql"), second).expect("a file");
    assert_eq!(migrate().expect("migrates"), (1, true));
    drop(postgres);
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let (from, to) = entry.map(|it| (it.path(), to.join(it.file_name()))).expect("an entry");
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(&from, &to).expect("is copied");
        }
    }
}
