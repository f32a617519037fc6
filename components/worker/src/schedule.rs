//! The export that Spin's cron trigger calls every second.
//!
//! Runs overlap when one takes longer than a second, and every replica of the application fires.
//! Every job is safe to run many times at once; a lease keeps most replicas from doing the same
//! work in the same second, and nothing depends on it.

use std::time::Duration;

use cluster::Reply;
use guest::clock::within;
use guest::{Problem, redis};

use crate::run;

/// A run that takes longer is cut off; what it had not acknowledged is done by the next one.
const RUN_DEADLINE: Duration = Duration::from_secs(10);
/// Who holds it runs; the others skip. Shorter than the schedule's second, so that it never makes a
/// run that is due wait for the next one.
const LEASE_MS: i64 = 700;
/// How long to wait for the lease.
const LEASE_DEADLINE: Duration = Duration::from_millis(500);

mod bindings {
    #![expect(unsafe_code, reason = "the generated exports of a component")]
    spin_sdk::wit_bindgen::generate!({
        world: "spin-cron",
        path: "wit",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
    });
    use super::Schedule;
    export!(Schedule);
}

use bindings::spin::cron::cron_types::{Error, Metadata};

struct Schedule;

impl bindings::Guest for Schedule {
    async fn handle_cron_event(_: Metadata) -> Result<(), Error> {
        let run = async {
            // A lease that cannot be asked for is no reason to rest: its shard may be the dead one.
            if take_lease().await.unwrap_or(true) {
                run::jobs().await?;
            }
            Ok::<_, Problem>(())
        };
        match within(RUN_DEADLINE, run).await {
            Some(Ok(())) => Ok(()),
            Some(Err(problem)) => {
                guest::log::failed_job("tick", "all", &problem.to_string());
                Err(Error::Other(problem.to_string()))
            }
            None => Err(Error::Other("the run's deadline passed".to_owned())),
        }
    }
}

async fn take_lease() -> Result<bool, Problem> {
    let cluster = redis::cluster().await?;
    let key = scripts::keys::worker_lease();
    let arguments =
        vec![key.as_str().into(), "1".into(), "NX".into(), "PX".into(), LEASE_MS.into()];
    let reply = cluster
        .execute(&key, "SET", arguments, LEASE_DEADLINE)
        .await
        .map_err(scripts::Error::from)?;
    Ok(matches!(reply.first(), Some(Reply::Status(_))))
}
