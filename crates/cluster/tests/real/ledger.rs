//! Writers that count, and the books that must balance afterwards.
//!
//! Each write has a token and increments the counter of a key. The script gives a token the number
//! it got the first time, however often it comes. A writer repeats a token until it has an answer,
//! as a client with an idempotency key does. In the end each counter must be the number of its
//! tokens, and each answer must be what the server has on record for its token.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use cluster::{Argument, Cluster, Error, Reply, Script};
use tokio::task::JoinHandle;

use crate::native::Native;

/// No call may take longer.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);

/// What a busy machine may add to a deadline before a task is woken.
const SCHEDULING_SLACK: Duration = Duration::from_secs(1);

/// Between two writes of one writer. Enough load to meet every state of the servers, and not so
/// much that the servers miss each other's heartbeats on a small machine.
const WRITE_INTERVAL: Duration = Duration::from_millis(2);

/// Between two looks at how far the writers are.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// A failover, and what the writers do after it, takes far less.
const PROGRESS_LIMIT: Duration = Duration::from_secs(30);

pub(crate) const WRITERS: usize = 8;

const COUNT_ONCE: &str = "#!lua
-- KEYS: counter, tokens (hash). ARGV: token. Returns: token, its number.
local known = redis.call('HGET', KEYS[2], ARGV[1])
if not known then
  known = redis.call('INCR', KEYS[1])
  redis.call('HSET', KEYS[2], ARGV[1], known)
end
return { ARGV[1], tonumber(known) }
";

pub(crate) static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script {
    name: "count_once",
    source: COUNT_ONCE,
    sha1: redis::Script::new(COUNT_ONCE).get_hash().to_owned().leak(),
});

/// The counter and the tokens of one tag.
pub(crate) fn keys(tag: &str) -> [String; 2] {
    [format!("counter:{{{tag}}}"), format!("tokens:{{{tag}}}")]
}

/// Writers at work on one cluster.
pub(crate) struct Load {
    books: Rc<Books>,
    writers: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Books {
    is_over: Cell<bool>,
    slowest: Cell<Duration>,
    /// Tag and token to the number that was answered.
    answers: RefCell<BTreeMap<(String, String), i64>>,
    /// Calls that ended without an answer.
    failures: RefCell<Vec<Error>>,
}

/// What the writers have seen.
pub(crate) struct Summary {
    pub(crate) answers: usize,
    pub(crate) failures: Vec<Error>,
    pub(crate) slowest: Duration,
}

impl Load {
    /// Starts the writers; each goes round the tags. Needs a `LocalSet`.
    pub(crate) fn start(cluster: &Rc<Cluster<Native>>, tags: &[String]) -> Self {
        let books = Rc::new(Books::default());
        let writers = (0..WRITERS)
            .map(|writer| {
                let (cluster, books, tags) = (cluster.clone(), books.clone(), tags.to_vec());
                tokio::task::spawn_local(async move {
                    for (write, tag) in tags.iter().cycle().enumerate() {
                        if books.is_over.get() {
                            break;
                        }
                        books.write(&cluster, tag, &format!("{writer}-{write}")).await;
                        tokio::time::sleep(WRITE_INTERVAL).await;
                    }
                })
            })
            .collect();
        Self { books, writers }
    }

    /// How many writes have been answered so far.
    pub(crate) fn answers(&self) -> usize {
        self.books.answers.borrow().len()
    }

    /// Waits until `count` more writes have been answered.
    pub(crate) async fn wait_for_answers(&self, count: usize) {
        let target = self.answers() + count;
        let began = Instant::now();
        while self.answers() < target {
            assert!(began.elapsed() < PROGRESS_LIMIT, "the writers got stuck");
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// Lets every writer finish its last write, then compares what was answered with what the
    /// servers have.
    pub(crate) async fn balance(self, cluster: &Cluster<Native>) -> Summary {
        self.books.is_over.set(true);
        for writer in self.writers {
            writer.await.unwrap();
        }
        let answers = self.books.answers.borrow().clone();
        let mut by_tag = BTreeMap::<_, BTreeMap<_, _>>::new();
        for ((tag, token), number) in &answers {
            by_tag.entry(tag).or_default().insert(token.clone(), *number);
        }
        for (tag, answered) in by_tag {
            let [counter_key, tokens_key] = keys(tag);
            let counter = read(cluster, &counter_key, "GET").await;
            let expected = i64::try_from(answered.len()).unwrap();
            assert_eq!(counter.first().and_then(Reply::integer), Some(expected), "{tag}");
            let record = read(cluster, &tokens_key, "HGETALL").await;
            let record: BTreeMap<_, _> = record
                .chunks(2)
                .map(|pair| (pair[0].text().unwrap().to_owned(), pair[1].integer().unwrap()))
                .collect();
            assert_eq!(record, answered, "{tag}");
        }
        let slowest = self.books.slowest.get();
        assert!(slowest <= DEADLINE + SCHEDULING_SLACK, "a call took {slowest:?}");
        let failures = self.books.failures.borrow().clone();
        Summary { answers: answers.len(), failures, slowest }
    }
}

impl Books {
    /// Writes one token until it is answered.
    async fn write(&self, cluster: &Cluster<Native>, tag: &str, token: &str) {
        loop {
            let began = Instant::now();
            let arguments = vec![Argument::from(token)];
            let result = cluster.evaluate(&SCRIPT, &keys(tag), arguments, DEADLINE).await;
            self.slowest.set(self.slowest.get().max(began.elapsed()));
            match result {
                Ok(reply) => {
                    assert_eq!(reply[0].text(), Some(token), "the answer of another call");
                    let number = reply[1].integer().unwrap();
                    let key = (tag.to_owned(), token.to_owned());
                    self.answers.borrow_mut().insert(key, number);
                    return;
                }
                Err(error @ (Error::Unavailable { .. } | Error::Deadline)) => {
                    self.failures.borrow_mut().push(error);
                }
                Err(error) => panic!("{tag} {token}: {error}"),
            }
        }
    }
}

async fn read(cluster: &Cluster<Native>, key: &str, command: &str) -> Vec<Reply> {
    cluster.execute(key, command, vec![key.into()], DEADLINE).await.unwrap()
}
