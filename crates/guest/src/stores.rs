//! Both stores, through Spin.

use sale::Stores;

use crate::clock::REDIS_DEADLINE;
use crate::postgres::{self, SpinDatabase};
use crate::problem::Problem;
use crate::redis::{self, SpinTransport};

/// Redis and Postgres as a component reaches them.
pub type SpinStores = Stores<SpinTransport, SpinDatabase>;

/// The stores that the variables name. Opens no connection: that happens when one is needed.
///
/// # Errors
///
/// 503 when the variables do not name them.
pub async fn open() -> Result<SpinStores, Problem> {
    Ok(Stores {
        cluster: redis::cluster().await?,
        database: postgres::database().await?,
        redis_deadline: REDIS_DEADLINE,
    })
}
