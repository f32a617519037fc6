//! The application's user in Redis can do the application's work, and nothing else.

use stack::{Connection, RedisOptions, RedisServer, redis_users};

const PASSWORD: &str = "a password of the tests, 24 bytes";

fn server(folder: &std::path::Path) -> RedisServer {
    let users = redis_users(PASSWORD);
    let lines = users.lines().filter_map(|line| line.strip_prefix("user "));
    let settings = lines.map(|rules| ("user".to_owned(), rules.to_owned())).collect();
    let options = RedisOptions { settings, ..RedisOptions::default() };
    RedisServer::start(folder, &options).expect("starts")
}

#[test]
fn the_application_is_kept_to_its_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = server(folder.path());
    let (_, port) = server
        .address()
        .rsplit_once(':')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .expect("an address");
    let mut redis = Connection::open(port.parse().expect("a port")).expect("connects");
    redis.command(&["AUTH", "app", "wrong"]).expect_err("another password");
    redis.command(&["AUTH", "app", PASSWORD]).expect("is known");

    for words in [
        &["PING"][..],
        &["SET", "box:{a}:x", "1"],
        &["EVAL", "return redis.call('HSET', KEYS[1], 'a', '1')", "1", "box:{a}:h"],
        &["XADD", "box:{a}:s", "*", "a", "1"],
        &["XTRIM", "box:{a}:s", "MAXLEN", "0"],
        &["PEXPIRE", "box:{a}:x", "1000"],
        &["DEL", "box:{a}:x"],
        &["EVAL", "return redis.call('TIME')[1]", "0"],
        &["WAIT", "0", "1"],
    ] {
        redis.command(words).unwrap_or_else(|error| panic!("{words:?}: {error:#}"));
    }
    for words in [
        &["GET", "other"][..],
        &["EVAL", "return redis.call('SET', 'other', '1')", "0"],
        &["EVAL", "return redis.call('FLUSHALL')", "0"],
        &["KEYS", "*"],
        &["SCAN", "0"],
        &["FLUSHALL"],
        &["FLUSHDB"],
        &["CONFIG", "GET", "*"],
        &["CONFIG", "SET", "appendonly", "no"],
        &["ACL", "LIST"],
        &["ACL", "SETUSER", "app", "+@all"],
        &["CLIENT", "LIST"],
        &["CLIENT", "KILL", "TYPE", "normal"],
        &["CLIENT", "PAUSE", "1"],
        &["DEBUG", "SLEEP", "0"],
        &["SHUTDOWN", "NOSAVE"],
        &["REPLICAOF", "NO", "ONE"],
        &["CLUSTER", "RESET"],
        &["CLUSTER", "FAILOVER"],
        &["SCRIPT", "FLUSH"],
        &["FUNCTION", "FLUSH"],
        &["SAVE"],
        &["MONITOR"],
        &["SUBSCRIBE", "box:x"],
        &["PUBLISH", "box:x", "1"],
        &["DUMP", "box:{a}:h"],
        &["RESTORE", "box:{a}:r", "0", "x"],
        &["MIGRATE", "127.0.0.1", "1", "box:{a}:h", "0", "1"],
        &["RENAME", "box:{a}:h", "box:{a}:i"],
        &["MODULE", "LIST"],
    ] {
        let error = redis.command(words).expect_err("is refused").root_cause().to_string();
        let is_refused = error.contains("NOPERM")
            || error.contains("The user executing the script can't")
            || error.contains("DEBUG command not allowed");
        assert!(is_refused, "{words:?}: {error}");
    }
}
