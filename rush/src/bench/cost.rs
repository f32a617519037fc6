//! The time of a step in Redis at several lengths of the line, by Redis' own count: flat or
//! logarithmic, never linear. And the memory of a waiting fan.

use anyhow::{Context, Result, ensure};

use super::BenchQueueArguments;
use super::line::Line;

const CALLS: usize = 500;
/// Fans admitted by one call.
const ADMITTED: u32 = 50;

/// What was measured at one length of the line.
pub(crate) struct Cost {
    pub(crate) waiting: usize,
    /// Microseconds in Redis for one join.
    pub(crate) join_us: f64,
    /// For reading one place.
    pub(crate) position_us: f64,
    /// For letting one fan in, of fifty at once.
    pub(crate) admit_us: f64,
    /// Bytes that all who wait cost, divided by their number.
    pub(crate) bytes_per_fan: f64,
}

/// Measures at each length, in one line that grows.
pub(crate) async fn measure(arguments: &BenchQueueArguments) -> Result<Vec<Cost>> {
    let mut line = Line::open(&arguments.redis_nodes, 0).await?;
    let empty = data_bytes(&line).await?;
    let mut costs = Vec::new();
    for waiting in arguments.line_lengths.iter().copied() {
        line.fill(waiting).await?;
        let bytes = data_bytes(&line).await?.saturating_sub(empty);
        line.reset_counts().await?;
        for index in 0..CALLS {
            let user = line.users.get(index * line.users.len() / CALLS).context("nobody waits")?;
            let place = line.position(*user).await?;
            ensure!(place.position > 0, "a place is read that is not in the line: {place:?}");
        }
        let position_us = us_per_call(&line).await?;
        line.reset_counts().await?;
        for _ in 0..CALLS {
            line.join().await?;
        }
        let join_us = us_per_call(&line).await?;
        line.reset_counts().await?;
        // As many as have just joined: the line stays as long as it is.
        let calls = CALLS / usize::try_from(ADMITTED)?;
        for _ in 0..calls {
            let admitted = line.admit(ADMITTED).await?;
            ensure!(admitted == i64::from(ADMITTED), "{admitted} were let in");
        }
        let admit_us = us_per_call(&line).await? / f64::from(ADMITTED);
        // Those in front are gone; the others are looked at again when more wait.
        line.users.drain(..line.users.len().min(CALLS));
        let bytes_per_fan = bytes as f64 / waiting as f64;
        costs.push(Cost { waiting, join_us, position_us, admit_us, bytes_per_fan });
    }
    line.remove().await?;
    Ok(costs)
}

async fn data_bytes(line: &Line) -> Result<u64> {
    Ok(line.info("memory", "used_memory_dataset").await?.parse()?)
}

/// `cmdstat_evalsha:calls=500,usec=9000,usec_per_call=18.00,…`
async fn us_per_call(line: &Line) -> Result<f64> {
    let counted = line.info("commandstats", "cmdstat_evalsha").await?;
    let value = counted.split(',').find_map(|it| it.strip_prefix("usec_per_call="));
    Ok(value.context("Redis does not count time")?.parse()?)
}
