//! TRYAGAIN, CLUSTERDOWN, LOADING, READONLY, and how often the topology is asked for.

use super::*;

/// What [`NODES`] becomes when C has taken over B's slots.
const B_IS_REPLACED_BY_C: &str = "\
a 10.0.0.1:6379@16379 master - 0 0 1 connected 0-5460
b 10.0.0.2:6379@16379 slave c 0 0 2 connected
c 10.0.0.3:6379@16379 master - 0 0 4 connected 5461-16383
";

#[tokio::test(start_paused = true)]
async fn tryagain_waits_and_goes_back_to_the_owner() {
    let tryagain = signalled("TryAgain: Multiple keys request during rehashing of slot");
    let transport = three_masters().then(B, "SET", Answer::Ok);
    let cluster = transport.cluster(A);
    assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
    tokio::time::sleep(Duration::from_secs(2)).await;
    let transport = transport
        .then(B, "SET", tryagain.clone())
        .then(B, "SET", signalled("Ask: 12182 10.0.0.3:6379"))
        .then(C, "ASKING", Answer::Ok)
        .then(C, "SET", tryagain)
        .then(B, "SET", Answer::Ok);
    assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
    let received = transport.finish();
    assert!(received[2].at - received[1].at >= Duration::from_millis(10));
    assert!(received[5].at - received[4].at >= Duration::from_millis(20));
    assert_eq!(transport.refreshes().len(), 1, "TRYAGAIN says nothing about the map");
}

#[tokio::test(start_paused = true)]
async fn tryagain_without_end_is_unavailable_at_the_deadline() {
    let mut transport = three_masters();
    for _ in 0..20 {
        transport = transport.then(B, "SET", Answer::error("TRYAGAIN busy"));
    }
    let deadline = Duration::from_millis(500);
    let result = transport.cluster(A).execute(KEY, "SET", set(), deadline).await;
    assert_eq!(result, Err(Error::Unavailable { cause: "TRYAGAIN busy".to_owned() }));
    assert!(transport.now() <= deadline, "{:?}", transport.now());
}

#[tokio::test(start_paused = true)]
async fn many_redirects_with_waits_between_them_are_no_loop() {
    let mut transport = three_masters();
    for _ in 0..8 {
        transport = transport
            .then(B, "SET", signalled("Ask: 12182 10.0.0.3:6379"))
            .then(C, "ASKING", Answer::Ok)
            .then(C, "SET", signalled("TryAgain: Multiple keys request"));
    }
    let transport = transport.then(B, "SET", Answer::Ok);
    assert_eq!(transport.cluster(A).execute(KEY, "SET", set(), DEADLINE).await, ok());
    transport.finish();
}

#[tokio::test(start_paused = true)]
async fn what_passes_by_itself_is_waited_for() {
    for passing in [
        signalled("ClusterDown: The cluster is down"),
        Answer::error("CLUSTERDOWN Hash slot not served"),
        signalled("BusyLoadingError: Redis is loading the dataset in memory"),
        signalled("MasterDown: Link with MASTER is down and replica-serve-stale-data is set"),
        signalled("ResponseError: max number of clients reached"),
    ] {
        let transport = three_masters().then(B, "SET", passing).then(B, "SET", Answer::Ok);
        assert_eq!(transport.cluster(A).execute(KEY, "SET", set(), DEADLINE).await, ok());
        let received = transport.finish();
        assert!(received[1].at - received[0].at >= Duration::from_millis(10));
    }
}

#[tokio::test(start_paused = true)]
async fn clusterdown_leads_to_the_new_owner_once_there_is_one() {
    let transport = three_masters().then(B, "SET", Answer::Ok);
    let cluster = transport.cluster(A);
    assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
    tokio::time::sleep(Duration::from_secs(2)).await;
    transport.set_nodes(B_IS_REPLACED_BY_C);
    let transport = transport.then(B, "SET", signalled("ClusterDown: The cluster is down")).then(
        C,
        "SET",
        Answer::Ok,
    );
    assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
    transport.finish();
}

#[tokio::test(start_paused = true)]
async fn a_demoted_master_leads_to_a_refresh() {
    let transport = three_masters().then(B, "SET", Answer::Ok);
    let cluster = transport.cluster(A);
    assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
    tokio::time::sleep(Duration::from_secs(2)).await;
    transport.set_nodes(B_IS_REPLACED_BY_C);
    let transport = transport
        .then(B, "SET", signalled("ReadOnly: You can't write against a read only replica."))
        .then(C, "SET", Answer::Ok);
    assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
    transport.finish();
    let refreshes = transport.refreshes();
    assert_eq!(refreshes.len(), 2);
    assert_ne!(refreshes[1].node, B, "the demoted node is the last to be asked");
}

#[tokio::test(start_paused = true)]
async fn the_topology_is_asked_for_at_most_once_a_second() {
    let mut transport = three_masters();
    for _ in 0..60 {
        transport = transport.then(B, "SET", signalled("ClusterDown: The cluster is down"));
    }
    let cluster = transport.cluster(A);
    let result = cluster.execute(KEY, "SET", set(), DEADLINE).await;
    assert!(matches!(result, Err(Error::Unavailable { .. })));
    let times: Vec<_> = transport.refreshes().iter().map(|refresh| refresh.at).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_secs(1)), "{times:?}");
    assert_eq!(times.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_redirects_asks_for_the_topology_once() {
    let mut transport = three_masters().with_answer_time(Duration::from_millis(5));
    for _ in 0..10 {
        transport = transport.then(B, "SET", signalled("Moved: 12182 10.0.0.3:6379"));
    }
    for _ in 0..10 {
        transport = transport.then(C, "SET", Answer::Ok);
    }
    let cluster = transport.cluster(A);
    let calls = (0..10).map(|_| cluster.execute(KEY, "SET", set(), DEADLINE));
    let results = futures_util::future::join_all(calls).await;
    assert!(results.into_iter().all(|result| result == ok()));
    transport.finish();
    assert_eq!(transport.refreshes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_takes_long_is_not_joined_by_another() {
    let mut transport = three_masters();
    for node in [A, B, C, A_REPLICA] {
        transport = transport.with_nodes_of(node, Answer::Silence);
    }
    let mut transport = transport.then(A, "SET", signalled("Moved: 12182 10.0.0.2:6379"));
    for _ in 0..60 {
        transport = transport.then(B, "SET", signalled("ClusterDown: The cluster is down"));
    }
    let cluster = transport.cluster(A);
    let early = cluster.execute(KEY, "SET", set(), DEADLINE);
    let late = async {
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        cluster.execute(KEY, "SET", set(), DEADLINE).await
    };
    let (early, late) = futures_util::join!(early, late);
    assert!(early.is_err() && late.is_err());
    let times: Vec<_> = transport.refreshes().iter().map(|refresh| refresh.at).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_secs(1)), "{times:?}");
}
