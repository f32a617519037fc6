//! Connections for commands that block.

use super::*;
use crate::DedicatedConnection;

const LIMIT: Duration = Duration::from_secs(6);

fn xread() -> Vec<Argument> {
    vec![KEY.into()]
}

#[tokio::test(start_paused = true)]
async fn a_blocking_command_has_a_connection_of_its_own_and_keeps_it() {
    let transport = three_masters().then(B, "SET", Answer::Ok).then(B, "XREAD", Answer::Ok).then(
        B,
        "XREAD",
        Answer::Ok,
    );
    let cluster = transport.cluster(A);
    let mut own = DedicatedConnection::default();
    assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
    for _ in 0..2 {
        assert_eq!(cluster.execute_dedicated(&mut own, KEY, "XREAD", xread(), LIMIT).await, ok());
        assert!(own.is_open());
    }
    let received = transport.finish();
    assert_ne!(received[0].connection, received[1].connection);
    assert_eq!(received[1].connection, received[2].connection);
}

#[tokio::test(start_paused = true)]
async fn a_blocking_command_goes_to_the_new_owner_at_the_next_try() {
    let transport = three_masters().then(B, "XREAD", signalled("Moved: 12182 10.0.0.3:6379")).then(
        C,
        "XREAD",
        Answer::Ok,
    );
    let cluster = transport.cluster(A);
    let mut own = DedicatedConnection::default();
    let moved = cluster.execute_dedicated(&mut own, KEY, "XREAD", xread(), LIMIT).await;
    assert!(matches!(moved, Err(Error::Unavailable { .. })), "{moved:?}");
    assert!(!own.is_open());
    assert_eq!(cluster.execute_dedicated(&mut own, KEY, "XREAD", xread(), LIMIT).await, ok());
    transport.finish();
}

#[tokio::test(start_paused = true)]
async fn a_silent_node_costs_the_limit_and_the_connection() {
    let transport = three_masters().then(B, "XREAD", Answer::Silence).then(B, "XREAD", Answer::Ok);
    let cluster = transport.cluster(A);
    let mut own = DedicatedConnection::default();
    let late = cluster.execute_dedicated(&mut own, KEY, "XREAD", xread(), LIMIT).await;
    assert_eq!(late, Err(Error::Deadline));
    assert!(transport.now() >= LIMIT && transport.now() < LIMIT * 2);
    assert_eq!(cluster.execute_dedicated(&mut own, KEY, "XREAD", xread(), LIMIT).await, ok());
    let received = transport.finish();
    assert_ne!(received[0].connection, received[1].connection);
}

#[tokio::test(start_paused = true)]
async fn closed_connections_are_opened_again_when_needed() {
    let transport = three_masters().then(B, "SET", Answer::Ok).then(B, "SET", Answer::Ok);
    let cluster = transport.cluster(A);
    assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
    assert_eq!(cluster.connections(), 2);
    cluster.close_shared();
    assert_eq!(cluster.connections(), 0);
    assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
    assert_eq!(cluster.connections(), 1);
    transport.finish();
}
