//! MOVED, ASK, NOSCRIPT, CROSSSLOT.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_command_goes_to_the_owner_of_its_slot() {
    let transport = three_masters().then(B, "SET foo 1", Answer::Ok);
    let cluster = transport.cluster(A);
    assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
    transport.finish();
    assert_eq!(transport.refreshes().len(), 1);
    assert_eq!(cluster.connections(), 2);
}

#[tokio::test(start_paused = true)]
async fn moved_is_followed_and_its_slot_is_known_from_then_on() {
    let transport = three_masters()
        .then(B, "SET", signalled("Moved: 12182 10.0.0.3:6379"))
        .then(C, "SET", Answer::Ok)
        .then(C, "SET", Answer::Ok);
    let cluster = transport.cluster(A);
    assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
    assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
    transport.finish();
}

#[tokio::test(start_paused = true)]
async fn moved_in_the_words_of_the_server_is_followed() {
    let transport = three_masters()
        .then(B, "SET", Answer::error("MOVED 12182 10.0.0.3:6379"))
        .then(C, "SET", Answer::Ok);
    assert_eq!(transport.cluster(A).execute(KEY, "SET", set(), DEADLINE).await, ok());
    transport.finish();
}

#[tokio::test(start_paused = true)]
async fn moved_without_host_stays_on_the_host_that_answered() {
    let transport = three_masters().then(B, "SET", signalled("Moved: 12182 :6380")).then(
        "10.0.0.2:6380",
        "SET",
        Answer::Ok,
    );
    assert_eq!(transport.cluster(A).execute(KEY, "SET", set(), DEADLINE).await, ok());
    transport.finish();
}

#[tokio::test(start_paused = true)]
async fn moved_to_an_ipv6_node_is_followed() {
    let transport = three_masters()
        .then(B, "SET", signalled("Moved: 12182 2001:db8::5:6380"))
        .then("[2001:db8::5]:6380", "SET", Answer::Ok);
    assert_eq!(transport.cluster(A).execute(KEY, "SET", set(), DEADLINE).await, ok());
    transport.finish();
}

#[tokio::test(start_paused = true)]
async fn announced_addresses_are_mapped_in_the_topology_and_in_redirects() {
    let map = "10.0.0.1:6379=127.0.0.1:7001,10.0.0.2:6379=127.0.0.1:7002,\
               10.0.0.3:6379=127.0.0.1:7003";
    let transport = three_masters()
        .then("127.0.0.1:7002", "SET", signalled("Moved: 12182 10.0.0.3:6379"))
        .then("127.0.0.1:7003", "SET", signalled("Ask: 12182 10.0.0.2:6379"))
        .then("127.0.0.1:7002", "ASKING", Answer::Ok)
        .then("127.0.0.1:7002", "SET", Answer::Ok);
    let cluster = transport.mapped_cluster("10.0.0.1:6379", map);
    assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
    transport.finish();
    assert_eq!(transport.opened().first().map(String::as_str), Some("127.0.0.1:7001"));
}

#[tokio::test(start_paused = true)]
async fn ask_is_sent_with_asking_on_a_connection_of_its_own() {
    let transport = three_masters()
        .then(C, "SET", Answer::Ok)
        .then(B, "SET", signalled("Ask: 12182 10.0.0.3:6379"))
        .then(C, "ASKING", Answer::Ok)
        .then(C, "SET", Answer::Ok);
    let cluster = transport.cluster(A);
    // Opens the connection to C that all tasks share.
    let arguments = vec![KEY_OF_C.into(), "1".into()];
    assert_eq!(cluster.execute(KEY_OF_C, "SET", arguments, DEADLINE).await, ok());
    assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
    let received = transport.finish();
    assert_eq!(received[2].connection, received[3].connection);
    assert_ne!(received[0].connection, received[3].connection);
}

#[tokio::test(start_paused = true)]
async fn ask_does_not_change_the_map_and_its_connection_is_used_again() {
    let transport = three_masters()
        .then(B, "SET", signalled("Ask: 12182 10.0.0.3:6379"))
        .then(C, "ASKING", Answer::Ok)
        .then(C, "SET", Answer::Ok)
        .then(B, "SET", signalled("Ask: 12182 10.0.0.3:6379"))
        .then(C, "ASKING", Answer::Ok)
        .then(C, "SET", Answer::Ok);
    let cluster = transport.cluster(A);
    for _ in 0..2 {
        assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
    }
    let received = transport.finish();
    assert_eq!(received[2].connection, received[4].connection);
    assert_eq!(cluster.connections(), 3);
}

#[tokio::test(start_paused = true)]
async fn two_calls_never_share_an_asking_connection() {
    let transport = three_masters()
        .with_answer_time(Duration::from_millis(5))
        .then(B, "SET", signalled("Ask: 12182 10.0.0.3:6379"))
        .then(B, "SET", signalled("Ask: 12182 10.0.0.3:6379"))
        .then(C, "ASKING", Answer::Ok)
        .then(C, "ASKING", Answer::Ok)
        .then(C, "SET", Answer::Ok)
        .then(C, "SET", Answer::Ok);
    let cluster = transport.cluster(A);
    let call = || cluster.execute(KEY, "SET", set(), DEADLINE);
    assert_eq!(futures_util::join!(call(), call()), (ok(), ok()));
    let received = transport.finish();
    assert_ne!(received[2].connection, received[3].connection);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_loop_ends_after_five_hops() {
    let transport = three_masters()
        .then(B, "SET", signalled("Moved: 12182 10.0.0.3:6379"))
        .then(C, "SET", signalled("Moved: 12182 10.0.0.2:6379"))
        .then(B, "SET", signalled("Moved: 12182 10.0.0.3:6379"))
        .then(C, "SET", signalled("Moved: 12182 10.0.0.2:6379"))
        .then(B, "SET", signalled("Moved: 12182 10.0.0.3:6379"))
        .then(C, "SET", signalled("Moved: 12182 10.0.0.2:6379"));
    let result = transport.cluster(A).execute(KEY, "SET", set(), DEADLINE).await;
    assert_eq!(result, Err(Error::TooManyRedirects));
    transport.finish();
}

#[tokio::test(start_paused = true)]
async fn a_script_the_node_does_not_know_is_sent_in_full_once() {
    let transport = three_masters()
        .then(
            B,
            "EVALSHA 0123456789012345678901234567890123456789 2 box:{foo}:a box:{foo}:b 7",
            signalled("NoScriptError: No matching script. Please use EVAL."),
        )
        .then(B, "EVAL #!lua\nreturn {'ok'} 2 box:{foo}:a box:{foo}:b 7", Answer::Ok)
        .then(B, "EVALSHA", Answer::Ok);
    let cluster = transport.cluster(A);
    let keys = ["box:{foo}:a".to_owned(), "box:{foo}:b".to_owned()];
    for _ in 0..2 {
        let arguments = vec![Argument::Integer(7)];
        assert_eq!(cluster.evaluate(&SCRIPT, &keys, arguments, DEADLINE).await, ok());
    }
    transport.finish();
}

#[tokio::test(start_paused = true)]
async fn a_script_that_stays_unknown_is_rejected() {
    let transport = three_masters()
        .then(B, "EVALSHA", Answer::error("NOSCRIPT No matching script."))
        .then(B, "EVAL ", Answer::error("NOSCRIPT No matching script."));
    let keys = [KEY.to_owned()];
    let result = transport.cluster(A).evaluate(&SCRIPT, &keys, vec![], DEADLINE).await;
    assert_eq!(result, Err(Error::Rejected { text: "NOSCRIPT No matching script.".to_owned() }));
    transport.finish();
}

#[tokio::test(start_paused = true)]
async fn a_script_is_redirected_in_the_form_it_has_by_then() {
    let transport = three_masters()
        .then(B, "EVALSHA", signalled("NoScriptError: No matching script."))
        .then(B, "EVAL ", signalled("Ask: 12182 10.0.0.3:6379"))
        .then(C, "ASKING", Answer::Ok)
        .then(C, "EVAL ", Answer::Ok);
    let keys = [KEY.to_owned()];
    assert_eq!(transport.cluster(A).evaluate(&SCRIPT, &keys, vec![], DEADLINE).await, ok());
    transport.finish();
}

#[tokio::test(start_paused = true)]
async fn keys_of_two_slots_are_refused_before_anything_is_sent() {
    let transport = three_masters();
    let cluster = transport.cluster(A);
    for keys in [vec!["foo".to_owned(), "bar".to_owned()], vec![]] {
        let result = cluster.evaluate(&SCRIPT, &keys, vec![], DEADLINE).await;
        assert_eq!(result, Err(Error::CrossSlot));
    }
    transport.finish();
    assert!(transport.opened().is_empty());
}

#[tokio::test(start_paused = true)]
async fn crossslot_from_the_server_is_not_retried() {
    let transport = three_masters().then(
        B,
        "MSET",
        signalled("CrossSlot: Keys in request don't hash to the same slot"),
    );
    let result = transport.cluster(A).execute(KEY, "MSET", set(), DEADLINE).await;
    assert_eq!(result, Err(Error::CrossSlot));
    transport.finish();
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_handed_on_with_the_words_of_the_server() {
    let text = "WRONGTYPE: Operation against a key holding the wrong kind of value";
    let transport = three_masters().then(B, "INCR", Answer::error(text));
    let result = transport.cluster(A).execute(KEY, "INCR", vec![KEY.into()], DEADLINE).await;
    assert_eq!(result, Err(Error::Rejected { text: text.to_owned() }));
    transport.finish();
}

#[tokio::test(start_paused = true)]
async fn a_plain_redis_owns_every_slot() {
    let disabled = signalled("ResponseError: This instance has cluster support disabled");
    let transport = three_masters().with_nodes_of(A, disabled).then(A, "SET", Answer::Ok).then(
        A,
        "SET",
        Answer::Ok,
    );
    let cluster = transport.cluster(A);
    for _ in 0..2 {
        assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    transport.finish();
    assert_eq!(transport.refreshes().len(), 1, "what is known is not asked for again");
    assert_eq!(cluster.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_a_topology_any_node_leads_to_the_owner() {
    let forbidden = Answer::error("NOPERM: this user has no permissions to run 'cluster|nodes'");
    let transport = three_masters()
        .with_nodes_of(A, forbidden)
        .then(A, "SET", signalled("Moved: 12182 10.0.0.2:6379"))
        .then(B, "SET", Answer::Ok)
        .then(B, "SET", Answer::Ok);
    let cluster = transport.cluster(A);
    for _ in 0..2 {
        assert_eq!(cluster.execute(KEY, "SET", set(), DEADLINE).await, ok());
    }
    transport.finish();
}
