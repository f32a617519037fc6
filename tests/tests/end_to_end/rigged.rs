//! A system with the proxies of the fault harness between the application and its stores.

use std::sync::LazyLock;

use chaos::rig::{Rig, RigOptions};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Mutex, MutexGuard, OnceCell};

/// Proxies live as long as the runtime that they were started in: longer than one test.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut runtime = Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build().expect("a runtime")
});

/// The system, for one test at a time.
pub(crate) async fn rig() -> (&'static Rig, MutexGuard<'static, ()>) {
    static RIG: OnceCell<Rig> = OnceCell::const_new();
    static TURN: Mutex<()> = Mutex::const_new(());
    let turn = TURN.lock().await;
    let rig = RIG.get_or_init(async || RUNTIME.spawn(start()).await.expect("does not panic")).await;
    (rig, turn)
}

async fn start() -> Rig {
    let options = RigOptions {
        root: stack::repository(),
        runtime: stack::Runtime::host().expect("the host is built"),
        seed: 1,
        on_step: Box::new(|_| {}),
    };
    let folder = stack::temporary_folder().expect("a folder");
    Rig::start(&folder, options).await.expect("the system starts")
}
