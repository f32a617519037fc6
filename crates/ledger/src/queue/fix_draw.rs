//! Decides how many numbers are drawn for.

use domain::id::EventId;

use crate::database::Database;
use crate::error::Error;
use crate::queue::find_draw::{Drawn, published};
use crate::row::rows;

const STATEMENT: &str = "SELECT commitment, seed, count, drawn_at_ms \
     FROM boxoffice.fix_draw($1::text::uuid, $2::bigint)";

/// Decides that the draw of `event` is among `count` numbers, unless that is decided: the first
/// count stays for ever, and is the one returned. `None` when there is no such event.
///
/// # Errors
///
/// See [`Error`].
pub async fn fix_draw<D: Database>(
    database: &D,
    event: EventId,
    count: u32,
) -> Result<Option<Drawn>, Error> {
    let parameters = vec![event.to_string().into(), i64::from(count).into()];
    let mut found = rows(database, "fix_draw", STATEMENT, parameters).await?;
    Ok(found.next().map(published).transpose()?.and_then(|draw| draw.drawn))
}
