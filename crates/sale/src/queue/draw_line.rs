//! The draw: when the sale opens, those who joined before it get the places they have drawn.
//!
//! 1. *Fixed in Redis*: how many numbers were given; from then on every newcomer is behind.
//! 2. *Decided in Postgres*: the first count stays for ever, and only now the seed is told.
//! 3. *Moved*: batch by batch each place goes to where the seed has put it.
//! 4. *Done*, in the step that finds nobody left. Nobody is let in before.
//!
//! A crash is safe: the next call repeats the same steps.

use cluster::Transport;
use domain::draw::Draw;
use domain::id::EventId;
use domain::queue::drawn_order;
use ledger::Database;
use scripts::{BeginDrawOutcome, DrawPlacesOutcome, DrawnPlace};

use crate::{Error, Stores, with_open_event};

/// Batches of one call: 50,000 fans, some seconds of work. The next call goes on.
const BATCHES_MAX: usize = 50;

/// Where the draw of an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrawOutcome {
    /// Done, by this call or an earlier one.
    Drawn,
    /// The sale opens later.
    Scheduled,
    /// There is more to do.
    Unfinished,
    /// There is no such event.
    EventMissing,
}

/// Draws the places of those who joined `event` before its sale opened, or goes on with it.
///
/// # Errors
///
/// See [`Error`]. The same call again goes on.
pub async fn draw_line<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
) -> Result<DrawOutcome, Error> {
    let (cluster, deadline) = (&stores.cluster, stores.redis_deadline);
    let begin = async || scripts::begin_draw(cluster, event, deadline).await;
    let count = match with_open_event(stores, event, begin).await? {
        BeginDrawOutcome::Fixed { count } => count,
        BeginDrawOutcome::Drawn => return Ok(DrawOutcome::Drawn),
        BeginDrawOutcome::Scheduled => return Ok(DrawOutcome::Scheduled),
        BeginDrawOutcome::EventMissing => return Ok(DrawOutcome::EventMissing),
    };
    // Before any place moves: a count that could be lost could be another one next time.
    let Some(drawn) = ledger::fix_draw(&stores.database, event, count).await? else {
        return Ok(DrawOutcome::EventMissing);
    };
    // mutant: places-move-before-the-count-is-durable
    let draw = Draw::new(&drawn.seed, event, drawn.count);
    let mut batch = Vec::new();
    for _ in 0..BATCHES_MAX {
        let moved = scripts::draw_places(cluster, event, drawn.count, &batch, deadline).await?;
        let next = match moved {
            DrawPlacesOutcome::More(next) => next.into_iter(),
            DrawPlacesOutcome::Drawn => return Ok(DrawOutcome::Drawn),
            // Lost just now: the next call brings it back, with the draw done.
            DrawPlacesOutcome::EventMissing => return Ok(DrawOutcome::Unfinished),
        };
        let place = |(user, number)| DrawnPlace { user, number, order: drawn_order(&draw, number) };
        batch = next.map(place).collect();
    }
    Ok(DrawOutcome::Unfinished)
}
