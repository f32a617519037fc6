//! `POST /api/v1/auth/guest`: a token for a buyer without an account; a new one of the same buyer
//! for whoever proves to be one, by a token or by the receipt of a place.

use domain::code::Code;
use domain::rate::RouteClass;
use guest::identity::{new_guest, token_of};
use guest::{Call, Problem, Reply, auth, limit, postgres};
use ledger::is_account;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    limit::address(&call, RouteClass::Guest).await?;
    let guest = match auth::proven_guest(&call).await? {
        // A receipt and an old token of a guest are worth nothing once the guest has an account.
        // mutant: receipts-open-accounts
        Some(user) if is_account(&postgres::database().await?, user).await? => {
            let detail = "this guest has an account now: sign in";
            return Err(Problem::new(Code::Unauthenticated, detail));
        }
        Some(user) => token_of(user).await?,
        None => new_guest().await?,
    };
    Reply::created(&guest)
}
