//! Redis loses what it acknowledged: a failover without the last writes, and a master that comes
//! back empty.

use std::time::{Duration, Instant};

use domain::id::UserId;
use sale::{AuditMode, ConfirmSaleOutcome, Receipt, audit_event, drain_journal, watch_place};
use scripts::{PlaceOutcome, QueuePlace, keys};
use stack::{RedisCluster, RedisOptions, Reply};
use uuid::Uuid;

use crate::stage::Stage;

/// A failover takes 3 to 5 s with a node timeout of 2 s; a small busy machine gets more.
const FAILOVER_LIMIT: Duration = Duration::from_secs(30);
/// Between two looks at the servers.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
const SECTIONS: &str = r#"[
    {"name": "A", "kind": "seated", "rows": 2, "seats_per_row": 5, "price": 5000},
    {"name": "F", "kind": "standing", "capacity": 10, "price": 3500}
]"#;

struct Broken {
    redis: RedisCluster,
    stage: Stage,
    _folder: tempfile::TempDir,
}

impl Broken {
    async fn open() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let options = RedisOptions { append_only: false, ..RedisOptions::default() };
        let redis = RedisCluster::start(&folder.path().join("redis"), &options).unwrap();
        let database_url = stack::shared_database().to_owned();
        let stage = Stage::open_in(&redis.nodes(), database_url, SECTIONS, false).await;
        Self { redis, stage, _folder: folder }
    }

    /// The node that has the event.
    fn master(&self) -> usize {
        let key = keys::settings(self.stage.event);
        // Any node that lives can tell.
        let slot =
            (0..6).find_map(|node| match self.redis.command(node, &["CLUSTER", "KEYSLOT", &key]) {
                Ok(Reply::Integer(slot)) => Some(slot),
                _ => None,
            });
        let slot = slot.unwrap();
        self.redis.master_of(u16::try_from(slot).unwrap()).unwrap()
    }

    async fn wait_for_failover(&self, old: usize) {
        let begun = Instant::now();
        while self.master() == old {
            assert!(begun.elapsed() < FAILOVER_LIMIT, "no failover");
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// Waits until the replica has everything that the master has written so far.
    async fn wait_for_replica(&self, master: usize, replica: usize) {
        let offset = |node: usize, field: &str| -> u64 {
            let reply = self.redis.command(node, &["INFO", "replication"]).unwrap();
            let mut lines = reply.text().lines();
            lines
                .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))
                .unwrap()
                .parse()
                .unwrap()
        };
        let written = offset(master, "master_repl_offset");
        let begun = Instant::now();
        while offset(replica, "slave_repl_offset") < written {
            assert!(begun.elapsed() < FAILOVER_LIMIT, "the replica does not follow");
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }
}

async fn join(stage: &Stage, user: UserId) -> QueuePlace {
    let proof = scripts::ShownProof::NotAsked;
    sale::join_queue(&stage.stores, stage.event, user, None, proof, None, false).await.unwrap()
}

/// What was acknowledged after the link to the replica was cut is gone after the failover. Two
/// buyers hold one seat, and one buys it; no queue number is given twice.
#[tokio::test(flavor = "current_thread")]
async fn a_forced_loss_makes_a_double_hold_and_never_a_double_sale() {
    let broken = Broken::open().await;
    let stage = &broken.stage;
    let known = join(stage, UserId::from_uuid(Uuid::now_v7())).await;
    let master = broken.master();
    let replica = broken.redis.replicas_of(master).unwrap()[0];
    broken.wait_for_replica(master, replica).await;
    broken.redis.pause(replica).unwrap();
    broken.redis.command(master, &["CLIENT", "KILL", "TYPE", "replica"]).unwrap();
    let lost = stage.hold_seat(1, 1).await;
    let forgotten = join(stage, UserId::from_uuid(Uuid::now_v7())).await;
    assert_eq!(forgotten.number, known.number + 1);
    drain_journal(&stage.stores, stage.event).await.unwrap();
    broken.redis.kill(master).unwrap();
    broken.redis.resume(replica).unwrap();
    broken.wait_for_failover(master).await;

    let second = stage.hold_seat(1, 1).await;
    drain_journal(&stage.stores, stage.event).await.unwrap();
    let report = audit_event(&stage.stores, stage.event, AuditMode::Repair).await.unwrap().unwrap();
    assert_eq!(report.totals.double_holds, 1, "{report:?}");
    assert_eq!(stage.confirm(second).await, ConfirmSaleOutcome::Confirmed);
    assert_eq!(stage.confirm(lost).await, ConfirmSaleOutcome::SeatsTaken);
    assert_eq!(stage.tickets().await, 1);
    let next = join(stage, UserId::from_uuid(Uuid::now_v7())).await;
    assert!(next.number > forgotten.number, "{} was given twice", next.number);
    let report = audit_event(&stage.stores, stage.event, AuditMode::Repair).await.unwrap().unwrap();
    let again =
        audit_event(&stage.stores, stage.event, AuditMode::ReadOnly).await.unwrap().unwrap();
    assert!(again.differences.is_empty(), "{:?} after {:?}", again, report.differences);
}

/// A master without persistence is restarted before anyone misses it, and its replica follows.
#[tokio::test(flavor = "current_thread")]
async fn a_master_that_comes_back_empty_is_filled_again() {
    let broken = Broken::open().await;
    let stage = &broken.stage;
    let (sold, held) = (stage.hold_seat(1, 1).await, stage.hold_standing(2).await);
    stage.confirm(sold).await;
    let user = UserId::from_uuid(Uuid::now_v7());
    let place = join(stage, user).await;
    drain_journal(&stage.stores, stage.event).await.unwrap();
    let before = stage.booking(held).await;
    broken.redis.restart_empty(broken.master()).unwrap();
    broken.redis.wait_until_ready().unwrap();

    assert_eq!(stage.counts().await, (17, 2, 1));
    assert_eq!(stage.generation().await, 2);
    assert_eq!(stage.booking(held).await, before);
    let receipt = Receipt { number: place.number, score: place.score, joined_at: place.joined_at };
    // The place comes back, and without a queue there is a pass for it at once.
    let found = watch_place(&stage.stores, stage.event, user, Some(receipt)).await.unwrap().place;
    assert_eq!((found.outcome, found.number), (PlaceOutcome::Admitted, place.number));
    assert!(join(stage, UserId::from_uuid(Uuid::now_v7())).await.number > place.number);
}
