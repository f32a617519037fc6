//! What needs no broken server: a plain Redis, scripts, refusals, the texts of the client.

use cluster::{Argument, Error, Reply};
use stack::{RedisOptions, RedisServer};
use tokio::task::LocalSet;

use crate::ledger::{DEADLINE, Load, SCRIPT, keys};
use crate::native::Native;

/// Enough tags to meet every master.
const TAGS: usize = 50;

#[tokio::test]
async fn every_key_of_a_cluster_is_served_over_three_connections() {
    let transport = Native::new();
    let seeds = &stack::shared_redis()[5..];
    let cluster = transport.cluster(seeds);
    for tag in 0..TAGS {
        let key = format!("cluster-test:{{{tag}}}:every-key");
        let arguments = vec![key.as_str().into(), Argument::Integer(tag as i64)];
        let reply = cluster.execute(&key, "SET", arguments, DEADLINE).await;
        assert_eq!(reply, Ok(vec![Reply::Status("OK".to_owned())]));
        let reply = cluster.execute(&key, "GETDEL", vec![key.as_str().into()], DEADLINE).await;
        assert_eq!(reply, Ok(vec![Reply::Bytes(tag.to_string().into_bytes())]));
    }
    assert_eq!(transport.errors_with("Moved"), 0, "the topology told every owner");
    assert_eq!(cluster.connections(), 4, "three masters, and the replica that was the seed");
}

#[tokio::test]
async fn a_script_that_a_node_forgot_is_sent_in_full() {
    let transport = Native::new();
    let cluster = transport.cluster(stack::shared_redis());
    let keys = keys("cluster-test:forgotten-script");
    let fresh = cluster::Script {
        name: "echo",
        source: "#!lua\n-- Known to no server, whatever ran before.\nreturn { ARGV[1], 7 }",
        sha1: "0000000000000000000000000000000000000000",
    };
    for _ in 0..2 {
        let reply = cluster.evaluate(&fresh, &keys, vec!["a".into()], DEADLINE).await.unwrap();
        assert_eq!(reply, [Reply::Bytes(b"a".to_vec()), Reply::Integer(7)]);
    }
    assert_eq!(transport.errors_with("NoScriptError"), 2);
}

#[tokio::test]
async fn a_plain_redis_serves_every_key_over_one_connection() {
    let folder = tempfile::tempdir().unwrap();
    let server = RedisServer::start(folder.path(), &RedisOptions::default()).unwrap();
    let transport = Native::new();
    let cluster = transport.cluster(&[server.address()]);
    for tag in 0..TAGS {
        let token = || vec![Argument::from("token")];
        let keys = keys(&tag.to_string());
        for _ in 0..2 {
            let reply = cluster.evaluate(&SCRIPT, &keys, token(), DEADLINE).await.unwrap();
            assert_eq!(reply[1], Reply::Integer(1));
        }
    }
    assert_eq!(cluster.connections(), 1);

    server.restart().unwrap();
    let reply = cluster.execute("x", "SET", vec!["x".into(), "1".into()], DEADLINE).await;
    assert_eq!(reply, Ok(vec![Reply::Status("OK".to_owned())]), "after a restart");
}

/// A reply that never came says nothing about what the server did: the same token is sent again and
/// must find what it did the first time.
#[tokio::test]
async fn lost_replies_are_asked_for_again_and_every_write_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = RedisServer::start(folder.path(), &RedisOptions::default()).unwrap();
    let transport = Native::losing_every(7);
    let cluster = transport.cluster(&[server.address()]);
    let tags = ["a", "b"].map(str::to_owned);
    let summary = LocalSet::new()
        .run_until(async {
            let load = Load::start(&cluster, &tags);
            load.wait_for_answers(500).await;
            load.balance(&cluster).await
        })
        .await;
    assert_eq!(summary.failures, []);
    assert_eq!(cluster.connections(), 1);
}

#[tokio::test]
async fn what_a_server_refuses_is_refused_at_once() {
    let cluster = Native::new().cluster(stack::shared_redis());
    let key = "cluster-test:{refused}";
    let set = vec![key.into(), "text".into()];
    cluster.execute(key, "SET", set, DEADLINE).await.unwrap();
    let result = cluster.execute(key, "HGETALL", vec![key.into()], DEADLINE).await;
    let Err(Error::Rejected { text }) = result else { panic!("{result:?}") };
    assert!(text.starts_with("WRONGTYPE"), "{text}");
    let result = cluster.execute(key, "NO-SUCH-COMMAND", vec![key.into()], DEADLINE).await;
    assert!(matches!(result, Err(Error::Rejected { .. })), "{result:?}");
    let both = vec![key.into(), "another".into()];
    let result = cluster.execute(key, "MGET", both, DEADLINE).await;
    assert_eq!(result, Err(Error::CrossSlot));
    cluster.execute(key, "DEL", vec![key.into()], DEADLINE).await.unwrap();
}
