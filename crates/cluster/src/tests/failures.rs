//! Broken connections, dead and frozen nodes, deadlines.

use super::*;

/// What [`NODES`] becomes when A's replica has taken over.
const A_FAILED_OVER: &str = "\
a 10.0.0.1:6379@16379 master,fail - 0 0 1 disconnected
b 10.0.0.2:6379@16379 master - 0 0 2 connected 5461-12999
c 10.0.0.3:6379@16379 master - 0 0 3 connected 13000-16383
d 10.0.0.4:6379@16379 master - 0 0 4 connected 0-5460
";

/// A key in slot 5061, which A owns at first.
const KEY_OF_A: &str = "bar";

#[tokio::test(start_paused = true)]
async fn a_broken_connection_is_opened_again_at_once() {
    let transport = three_masters()
        .then(B, "SET", Answer::Ok)
        .then(B, "SET", Answer::error("broken pipe"))
        .then(B, "SET", Answer::Ok);
    let cluster = transport.cluster(A);
    for _ in 0..2 {
        assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
    }
    let received = transport.finish();
    assert_eq!(received[2].at, received[1].at);
    assert_ne!(received[2].connection, received[1].connection);
    assert_eq!(transport.opened(), [A, B, B]);
    assert_eq!(cluster.connections(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_dead_master_is_given_up_for_its_replica() {
    let transport = three_masters().then(A, "SET", Answer::Ok);
    let cluster = transport.cluster(A);
    assert_eq!(cluster.execute(KEY_OF_A, "SET", set(), DEADLINE).await, ok());
    tokio::time::sleep(Duration::from_secs(2)).await;
    transport.set_nodes(A_FAILED_OVER);
    let transport = transport.with_refused(A).then(A, "SET", Answer::error("broken pipe")).then(
        A_REPLICA,
        "SET",
        Answer::Ok,
    );
    assert_eq!(cluster.execute(KEY_OF_A, "SET", set(), DEADLINE).await, ok());
    transport.finish();
    assert_ne!(transport.refreshes().last().unwrap().node, A);
}

#[tokio::test(start_paused = true)]
async fn a_frozen_master_costs_one_attempt_and_not_the_deadline() {
    let transport = three_masters().then(A, "SET", Answer::Ok);
    let cluster = transport.cluster(A);
    assert_eq!(cluster.execute(KEY_OF_A, "SET", set(), DEADLINE).await, ok());
    tokio::time::sleep(Duration::from_secs(2)).await;
    transport.set_nodes(A_FAILED_OVER);
    let transport = transport.then(A, "SET", Answer::Silence).then(A_REPLICA, "SET", Answer::Ok);
    let began = transport.now();
    assert_eq!(cluster.execute(KEY_OF_A, "SET", set(), DEADLINE).await, ok());
    transport.finish();
    assert!(transport.now() - began < Duration::from_millis(1_100));
}

#[tokio::test(start_paused = true)]
async fn a_short_deadline_still_leaves_time_for_the_successor() {
    let transport = three_masters().then(A, "SET", Answer::Ok);
    let cluster = transport.cluster(A);
    assert_eq!(cluster.execute(KEY_OF_A, "SET", set(), DEADLINE).await, ok());
    tokio::time::sleep(Duration::from_secs(2)).await;
    transport.set_nodes(A_FAILED_OVER);
    let transport = transport.then(A, "SET", Answer::Silence).then(A_REPLICA, "SET", Answer::Ok);
    let deadline = Duration::from_millis(300);
    assert_eq!(cluster.execute(KEY_OF_A, "SET", set(), deadline).await, ok());
    transport.finish();
}

#[tokio::test(start_paused = true)]
async fn after_one_call_has_failed_at_a_node_the_next_looks_around_first() {
    let transport = three_masters().then(A, "SET", Answer::Silence);
    let cluster = transport.cluster(A);
    let deadline = Duration::from_millis(10);
    let result = cluster.execute(KEY_OF_A, "SET", set(), deadline).await;
    assert_eq!(result, Err(Error::Deadline));
    tokio::time::sleep(Duration::from_secs(1)).await;
    transport.set_nodes(A_FAILED_OVER);
    let transport = transport.then(A_REPLICA, "SET", Answer::Ok);
    assert_eq!(cluster.execute(KEY_OF_A, "SET", set(), deadline).await, ok());
    transport.finish();
}

#[tokio::test(start_paused = true)]
async fn a_frozen_node_is_not_asked_for_the_topology_first() {
    let transport = three_masters().then(A, "SET", Answer::Ok);
    let cluster = transport.cluster(A);
    assert_eq!(cluster.execute(KEY_OF_A, "SET", set(), DEADLINE).await, ok());
    tokio::time::sleep(Duration::from_secs(2)).await;
    transport.set_nodes(A_FAILED_OVER);
    let transport = transport
        .with_nodes_of(A, Answer::Silence)
        .with_nodes_of(B, Answer::Silence)
        .then(A, "SET", Answer::Silence)
        .then(A_REPLICA, "SET", Answer::Ok);
    assert_eq!(cluster.execute(KEY_OF_A, "SET", set(), DEADLINE).await, ok());
    transport.finish();
    let asked: Vec<_> = transport.refreshes().into_iter().map(|refresh| refresh.node).collect();
    assert_eq!(asked, [A, B, C]);
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_at_its_deadline_whatever_the_nodes_do() {
    for deadline_ms in [0, 1, 7, 300, 2_500, 5_000] {
        let mut transport = three_masters();
        for _ in 0..20 {
            transport = transport.then(B, "SET", Answer::Silence);
        }
        let deadline = Duration::from_millis(deadline_ms);
        let result = transport.cluster(A).execute(KEY, "SET", set(), deadline).await;
        assert_eq!(result, Err(Error::Deadline), "{deadline_ms}");
        assert!(transport.now() <= deadline, "{deadline_ms}: {:?}", transport.now());
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_gone_is_unavailable_with_its_cause() {
    let transport = three_masters().with_refused(A).with_refused(B);
    let result = transport.cluster(A).execute(KEY, "SET", set(), DEADLINE).await;
    let cause = "Connection refused (os error 111)".to_owned();
    assert_eq!(result, Err(Error::Unavailable { cause }));
    assert!(transport.now() <= DEADLINE);
    assert!(transport.opened().len() < 60, "{}", transport.opened().len());
}

#[tokio::test(start_paused = true)]
async fn a_cluster_without_seeds_is_unavailable_at_once() {
    let transport = three_masters();
    let cluster = crate::Cluster::new(transport.clone(), vec![], Default::default());
    let result = cluster.execute(KEY, "SET", set(), DEADLINE).await;
    assert_eq!(result, Err(Error::Unavailable { cause: "no node is known".to_owned() }));
    assert_eq!(transport.now(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_rejected_at_once() {
    let text = "Password authentication failed- AuthenticationFailed";
    let transport = three_masters().then(B, "SET", Answer::error(text));
    let result = transport.cluster(A).execute(KEY, "SET", set(), DEADLINE).await;
    assert_eq!(result, Err(Error::Rejected { text: text.to_owned() }));
    transport.finish();
}
