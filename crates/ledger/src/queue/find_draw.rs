//! Reads what is published of an event's draw.

use domain::draw::{Seed, seed_from_hex};
use domain::id::EventId;
use domain::time::Instant;

use crate::database::Database;
use crate::error::Error;
use crate::row::{Row, rows};

const STATEMENT: &str =
    "SELECT commitment, seed, count, drawn_at_ms FROM boxoffice.find_draw($1::text::uuid)";

/// What is published of a draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedDraw {
    /// SHA-256 of the seed, in hex.
    pub commitment: String,
    /// What decides every place; nothing before the sale opens.
    pub drawn: Option<Drawn>,
}

/// What decides every place of a draw, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawn {
    /// The seed.
    pub seed: Seed,
    /// How many numbers are drawn for.
    pub count: u32,
    /// When that was decided.
    pub drawn_at: Instant,
}

/// Reads the draw of `event`; `None` when there is no such event.
///
/// # Errors
///
/// See [`Error`].
pub async fn find_draw<D: Database>(
    database: &D,
    event: EventId,
) -> Result<Option<PublishedDraw>, Error> {
    let mut found = rows(database, "find_draw", STATEMENT, vec![event.to_string().into()]).await?;
    found.next().map(published).transpose()
}

/// Reads a row of `find_draw` and `fix_draw`.
pub(crate) fn published(mut row: Row) -> Result<PublishedDraw, Error> {
    let commitment = row.text()?;
    let (seed, count) = (row.optional_text()?, row.optional_integer()?);
    let Some((seed, count)) = seed.zip(count) else {
        return Ok(PublishedDraw { commitment, drawn: None });
    };
    let drawn_at = row.instant()?;
    let seed = seed_from_hex(&seed).ok_or_else(|| row.unexpected("not a seed"))?;
    let count = u32::try_from(count).map_err(|_| row.unexpected(format!("count {count}")))?;
    Ok(PublishedDraw { commitment, drawn: Some(Drawn { seed, count, drawn_at }) })
}
