//! `POST /api/v1/auth/guest`: a token for a buyer without an account; a new one of the same buyer
//! for whoever proves to be one, by a token or by the receipt of a place.

use domain::rate::RouteClass;
use guest::identity::{new_guest, token_of};
use guest::{Call, Problem, Reply, auth, limit};

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    limit::address(&call, RouteClass::Guest).await?;
    let guest = match auth::proven_guest(&call).await? {
        Some(user) => token_of(user).await?,
        None => new_guest().await?,
    };
    Reply::created(&guest)
}
