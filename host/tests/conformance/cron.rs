//! Cron triggers.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{process, thread};

use stack::RedisServer;
use tempfile::TempDir;

use crate::support::{Application, Host, eventually, new_redis};

/// A cron run that notes in a Redis of its own when it begins and, `run_ms` later, ends.
fn start(expression: &str, run_ms: u64) -> (Host, RedisServer, TempDir) {
    let (redis, folder) = new_redis();
    let trigger =
        format!("[[trigger.cron]]\ncomponent = \"probe\"\ncron_expression = \"{expression}\"");
    let variables = format!(
        "[component.probe.variables]\nredis = \"redis://{}\"\ncron_ms = \"{run_ms}\"",
        redis.address()
    );
    (Application::new().and(&trigger).probe(&variables).start(), redis, folder)
}

fn notes(redis: &RedisServer) -> Vec<String> {
    let script = "return table.concat(redis.call('LRANGE', 'cron', 0, -1), ',')";
    let text = redis.command(&["EVAL", script, "0"]).unwrap().text().to_owned();
    text.split(',').filter(|note| !note.is_empty()).map(str::to_owned).collect()
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn each_second_a_fresh_instance_runs_even_while_the_last_one_does() {
    let begun = now_s();
    let (host, redis, _folder) = start("* * * * * *", 6_000);
    let begins = |notes: &[String]| -> Vec<(u64, u64)> {
        let begins = notes.iter().filter_map(|note| note.strip_prefix("begin ")?.split_once(' '));
        begins.map(|(at, call)| (at.parse().unwrap(), call.parse().unwrap())).collect()
    };
    eventually("three runs", || begins(&notes(&redis)).len() >= 3);
    let noted = notes(&redis);
    let runs = begins(&noted);
    // The third began while the first still ran, and none has seen another's state.
    let ends_before = noted
        .iter()
        .take_while(|note| !note.contains(&runs[2].0.to_string()))
        .filter(|note| note.starts_with("end"))
        .count();
    assert_eq!(ends_before, 0, "{noted:?}");
    assert!(runs.iter().all(|(_, call)| *call == 1), "{noted:?}");
    // Each in a second of its own; on a busy machine one may be left out.
    assert!(runs.is_sorted_by(|(before, _), (after, _)| before < after), "{noted:?}");
    assert!((begun..=now_s()).contains(&runs[0].0), "seconds since 1970: {noted:?}");
    host.expect_log("a cron run failed component=\"probe\" error=this run fails at its end");
}

#[test]
fn a_run_under_way_is_finished_before_the_end() {
    let (mut host, redis, _folder) = start("* * * * * *", 700);
    eventually("a run", || !notes(&redis).is_empty());
    host.terminate();
    assert!(host.ended().success());
    let notes = notes(&redis);
    let count = |kind: &str| notes.iter().filter(|note| note.starts_with(kind)).count();
    assert_eq!(count("begin"), count("end"), "{notes:?}");
}

#[test]
fn the_seconds_are_the_first_field() {
    // Only in a second that has just passed, so not before the next minute.
    let expression = format!("{} * * * * *", now_s() % 60);
    let (_host, redis, _folder) = start(&expression, 0);
    thread::sleep(Duration::from_millis(2_500));
    assert!(notes(&redis).is_empty(), "process {}: {:?}", process::id(), notes(&redis));
}
