//! Says anew where the owner of a hold can be reached.

use domain::contact::Contact;
use domain::id::{BookingId, UserId};

use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str =
    "SELECT noted FROM boxoffice.set_contact($1::text, $2::text::uuid, $3::text)";

/// Takes over what the owner of a hold says of where to reach them; what is not said stays. Returns
/// false when the ledger has no such hold of that owner, or nothing was said.
///
/// # Errors
///
/// See [`Error`].
pub async fn set_contact<D: Database>(
    database: &D,
    booking: BookingId,
    owner: UserId,
    contact: &Contact,
) -> Result<bool, Error> {
    let parameters =
        vec![booking.to_string().into(), owner.to_string().into(), contact.to_text().into()];
    one_row(database, "set_contact", STATEMENT, parameters).await?.boolean()
}
