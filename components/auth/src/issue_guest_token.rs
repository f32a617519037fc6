//! `POST /api/v1/auth/guest`: a token for a buyer without an account.

use domain::rate::RouteClass;
use guest::identity::new_guest;
use guest::{Call, Problem, Reply, limit};

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    limit::address(&call, RouteClass::Guest).await?;
    Reply::created(&new_guest().await?)
}
