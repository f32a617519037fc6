//! Many tasks at once: one connection per node, one refresh, nobody left waiting.

use futures_util::future::join_all;

use super::*;

#[tokio::test(start_paused = true)]
async fn many_tasks_open_one_connection_per_node() {
    let mut transport = three_masters().with_opening_time(Duration::from_millis(30));
    for _ in 0..16 {
        transport = transport.then(B, "SET", Answer::Ok);
    }
    let cluster = transport.cluster(A);
    let results = join_all((0..16).map(|_| cluster.execute(KEY, "SET", set(), DEADLINE))).await;
    assert!(results.into_iter().all(|result| result == ok()));
    transport.finish();
    assert_eq!(transport.opened(), [A, B]);
    assert_eq!(transport.refreshes().len(), 1);
    assert_eq!(cluster.connections(), 2);
}

#[tokio::test(start_paused = true)]
async fn one_refused_opening_is_the_answer_for_all_who_wait_for_it() {
    let transport = three_masters().with_opening_time(Duration::from_millis(30)).with_refused(B);
    let cluster = transport.cluster(A);
    let deadline = Duration::from_millis(250);
    let results = join_all((0..16).map(|_| cluster.execute(KEY, "SET", set(), deadline))).await;
    assert!(results.iter().all(Result::is_err));
    let opened = transport.opened();
    assert!(opened.len() <= 12, "{opened:?}");
    assert_eq!(cluster.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_opener_that_is_dropped_leaves_nobody_waiting() {
    let transport =
        three_masters().with_opening_time(Duration::from_millis(30)).then(B, "SET", Answer::Ok);
    let cluster = transport.cluster(A);
    let dropped = tokio::time::timeout(
        Duration::from_millis(45),
        cluster.execute(KEY, "SET", set(), DEADLINE),
    );
    let patient = cluster.execute(KEY, "SET", set(), DEADLINE);
    let (dropped, patient) = futures_util::join!(dropped, patient);
    assert!(dropped.is_err());
    assert_eq!(patient, ok());
    transport.finish();
    assert_eq!(transport.opened(), [A, B, B]);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_is_dropped_does_not_block_the_next() {
    let transport =
        three_masters().with_opening_time(Duration::from_millis(30)).then(B, "SET", Answer::Ok);
    let cluster = transport.cluster(A);
    let call = cluster.execute(KEY, "SET", set(), DEADLINE);
    assert!(tokio::time::timeout(Duration::from_millis(5), call).await.is_err());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
    transport.finish();
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_one_task_found_broken_is_replaced_once() {
    let broken = Answer::error("broken pipe");
    let mut transport =
        three_masters().with_answer_time(Duration::from_millis(5)).then(B, "SET", Answer::Ok);
    for _ in 0..8 {
        transport = transport.then(B, "SET", broken.clone());
    }
    for _ in 0..8 {
        transport = transport.then(B, "SET", Answer::Ok);
    }
    let cluster = transport.cluster(A);
    assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
    let results = join_all((0..8).map(|_| cluster.execute(KEY, "SET", set(), DEADLINE))).await;
    assert!(results.into_iter().all(|result| result == ok()));
    transport.finish();
    assert_eq!(transport.opened(), [A, B, B]);
}

#[tokio::test(start_paused = true)]
async fn connections_to_nodes_that_left_are_closed() {
    let without_c = "\
a 10.0.0.1:6379@16379 master - 0 0 1 connected 0-5460
b 10.0.0.2:6379@16379 master - 0 0 2 connected 5461-16383
";
    let transport = three_masters()
        .then(B, "SET", signalled("Moved: 12182 10.0.0.3:6379"))
        .then(C, "SET", Answer::Ok)
        .then(C, "SET", signalled("Moved: 12182 10.0.0.2:6379"))
        .then(B, "SET", Answer::Ok);
    let cluster = transport.cluster(A);
    assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
    assert_eq!(cluster.connections(), 3);
    tokio::time::sleep(Duration::from_secs(2)).await;
    transport.set_nodes(without_c);
    assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
    transport.finish();
    assert_eq!(cluster.connections(), 2);
}
