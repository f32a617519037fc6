//! What is noted about a refund: the intention before the provider is asked, its name after.

use crate::database::{Database, Value};
use crate::error::Error;
use crate::payments::payment::OwedPart;
use crate::row::one_row;

const BEGIN: &str = "SELECT amount FROM boxoffice.begin_refund($1::text)";
const NOTE_PART: &str =
    "SELECT noted FROM boxoffice.note_part_refund($1::text, $2::bigint, $3::text)";
const NOTE: &str = "SELECT noted FROM boxoffice.note_refund($1::text, $2::text)";

/// Notes that `payment` is about to be refunded, once for ever, and returns how much goes back;
/// `None` when nothing does: it was not decided so, or it is done.
///
/// # Errors
///
/// See [`Error`].
pub async fn begin_refund<D: Database>(database: &D, payment: &str) -> Result<Option<i64>, Error> {
    one_row(database, "begin_refund", BEGIN, vec![payment.into()]).await?.optional_integer()
}

/// Notes the provider's id of the refund of `payment`; `None` when it only said that it had been
/// done before. That the money went back is for [`crate::raise_payment`] to say.
///
/// # Errors
///
/// See [`Error`].
pub async fn note_refund<D: Database>(
    database: &D,
    payment: &str,
    refund: Option<&str>,
) -> Result<bool, Error> {
    let parameters = vec![payment.into(), Value::from(refund)];
    one_row(database, "note_refund", NOTE, parameters).await?.boolean()
}

/// Notes that the share of `part` is back, by the refund of this id at the provider. Returns
/// whether by this call.
///
/// # Errors
///
/// See [`Error`].
pub async fn note_part_refund<D: Database>(
    database: &D,
    part: &OwedPart,
    refund: &str,
) -> Result<bool, Error> {
    let parameters = vec![part.booking.as_str().into(), part.part.into(), refund.into()];
    one_row(database, "note_part_refund", NOTE_PART, parameters).await?.boolean()
}
