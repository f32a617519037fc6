//! The work of every second, many times at once.

use cluster::Transport;
use ledger::Database;
use native::NativeHttp;
use provider::{Provider, ProviderSettings};
use sale::{Stores, TickReport, WorkerContext, tick};

use crate::stage::{SECTIONS, Stage};

/// A tick without a provider: nothing here is paid for. It serves every event of the database, so
/// the stage is one that was opened alone.
pub(crate) async fn work(stage: &Stage, in_time: impl Fn() -> bool) -> TickReport {
    work_on(&stage.stores, in_time).await
}

/// The same on other stores.
pub(crate) async fn work_on<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    in_time: impl Fn() -> bool,
) -> TickReport {
    let settings = ProviderSettings { api_base: String::new(), api_key: String::new() };
    let provider = Provider::new(NativeHttp::new(), settings);
    let now = || domain::time::Instant::from_unix_ms(1_800_000_000_000);
    let (provider, mail) = (&provider, sale::Mail::None);
    let jobs = WorkerContext { provider, livemode: false, sink: None, mail, random: || 7, now };
    tick(stores, &jobs, in_time).await
}

/// Eight workers run at the same time over holds that are due, sold or waiting: every seat ends up
/// where it belongs, and nothing is counted twice.
#[tokio::test(flavor = "current_thread")]
async fn many_workers_at_once_do_no_harm() {
    let stage = Stage::open_alone(SECTIONS, false).await;
    let due = [stage.hold_seat(1, 1).await, stage.hold_standing(2).await];
    let kept = stage.hold_seat(1, 2).await;
    let sold = stage.hold_seat(1, 3).await;
    stage.confirm(sold).await;
    for booking in due {
        stage.make_due(booking).await;
    }
    let local = tokio::task::LocalSet::new();
    let mut workers = Vec::new();
    for _ in 0..8 {
        let worker = stage.another_instance().await;
        workers.push(local.spawn_local(async move { work(&worker, || true).await }));
    }
    local
        .run_until(async {
            for worker in workers {
                worker.await.unwrap();
            }
        })
        .await;
    assert_eq!(stage.counts().await, (18, 1, 1));
    assert_eq!(stage.booking(kept).await.status, domain::booking::BookingStatus::Reserved);
}

#[tokio::test(flavor = "current_thread")]
async fn out_of_time_begins_no_job() {
    let stage = Stage::open_alone(SECTIONS, false).await;
    let booking = stage.hold_seat(1, 1).await;
    stage.make_due(booking).await;
    let report = work(&stage, || false).await;
    assert_eq!((report.expired, report.failed.len()), (0, 0));
    assert_eq!(stage.counts().await, (19, 1, 0));
}
