//! Reads the map of a seated section.

use std::time::Duration;

use cluster::{Cluster, Reply, Transport};
use domain::id::EventId;
use domain::section::SectionName;

use crate::call::Fields;
use crate::{Error, keys};

/// The map of a section as it is stored, see [`free_map`](domain::section::free_map); `None` when
/// the event is not open in Redis or the section is not a seated one.
///
/// # Errors
///
/// See [`Error`].
pub async fn read_map<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    section: &SectionName,
    deadline: Duration,
) -> Result<Option<Vec<u8>>, Error> {
    let key = keys::map(event, section);
    let mut replies = cluster.execute(&key, "GET", vec![key.clone().into()], deadline).await?;
    match (replies.pop(), replies.is_empty()) {
        (Some(Reply::Nil), true) => Ok(None),
        (Some(Reply::Bytes(map)), true) => Ok(Some(map)),
        (last, _) => {
            replies.extend(last);
            Err(Fields::new("GET", replies).unexpected())
        }
    }
}
