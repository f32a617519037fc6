//! State that lives and dies with an instance.

use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use serde_json::{Value, json};

thread_local! {
    static ID: u64 = RandomState::new().hash_one(0);
    static CALLS: Cell<u64> = const { Cell::new(0) };
    static NOW: Cell<u64> = const { Cell::new(0) };
    static KEPT: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// The how-many-th call of this instance it is.
pub fn next() -> u64 {
    CALLS.set(CALLS.get() + 1);
    CALLS.get()
}

/// Which instance answers, and for the how many-th time.
pub fn count() -> Value {
    json!({ "instance": ID.with(|id| *id), "call": next() })
}

/// Sleeps, then returns how many requests slept in this instance at once. Logs when it begins.
pub async fn sleep(ms: u64) -> Value {
    NOW.set(NOW.get() + 1);
    let now = NOW.get();
    println!("asleep for {ms} ms");
    spin_sdk::time::sleep(Duration::from_millis(ms)).await;
    NOW.set(NOW.get() - 1);
    json!({ "instance": ID.with(|id| *id), "concurrent": now })
}

/// Takes memory and keeps it.
pub fn allocate(bytes: usize) -> Value {
    KEPT.with_borrow_mut(|kept| kept.push(vec![1; bytes]));
    json!(bytes)
}

/// Computes without end and without a pause. Tells in the log that it has begun.
pub fn never_yields() -> Value {
    println!("in a loop");
    let mut turns = 0_u64;
    while std::hint::black_box(turns) < u64::MAX {
        turns += 1;
    }
    json!(turns)
}
