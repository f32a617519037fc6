//! `spin:postgres/postgres@4.2.0` as Spin does it, with its pool: see [`pool`].
//!
//! There is no TLS: a server that insists on it (`sslmode=require` in the address) is a failed
//! connection, and a CA certificate is refused.

mod errors;
pub(crate) mod pool;
mod rows;
mod types;

use std::sync::Arc;

use deadpool_postgres::Object;
use tokio_postgres::types::ToSql;
use wasmtime::component::{Accessor, FutureReader, Resource, StreamReader};

use crate::bindings::postgres::{
    Column, Error, Host, HostConnection, HostConnectionBuilder, HostConnectionBuilderWithStore,
    HostConnectionWithStore, ParameterValue, Row,
};
use crate::instance::{HostData, InstanceState};

/// What a `connection` resource stands for: a connection of the pool, back in it when the last
/// call that uses it has ended and the guest has dropped it.
#[expect(unreachable_pub, reason = "the generated code exports it again")]
pub struct PostgresConnection(Arc<Object>);

/// What a `connection-builder` resource stands for.
#[expect(unreachable_pub, reason = "the generated code exports it again")]
pub struct ConnectionBuilder {
    address: String,
}

/// A call fails for the guest, or (outer) the instance ends.
type CallResult<T> = wasmtime::Result<Result<T, Error>>;

/// What a query gives: the columns, the rows, and how it ended.
type QueryAnswer = (Vec<Column>, StreamReader<Row>, FutureReader<Result<(), Error>>);

impl Host for InstanceState {}

impl HostConnection for InstanceState {
    async fn drop(&mut self, connection: Resource<PostgresConnection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

impl HostConnectionBuilder for InstanceState {
    async fn new(&mut self, address: String) -> wasmtime::Result<Resource<ConnectionBuilder>> {
        Ok(self.table.push(ConnectionBuilder { address })?)
    }

    async fn set_ca_root(
        &mut self,
        _builder: Resource<ConnectionBuilder>,
        _certificate: String,
    ) -> CallResult<()> {
        let text = "this host has no TLS for Postgres: a CA certificate cannot be set";
        Ok(Err(Error::Other(text.to_owned())))
    }

    async fn drop(&mut self, builder: Resource<ConnectionBuilder>) -> wasmtime::Result<()> {
        self.table.delete(builder)?;
        Ok(())
    }
}

impl<T: Send> HostConnectionBuilderWithStore<T> for HostData {
    async fn build_async(
        accessor: &Accessor<T, Self>,
        builder: Resource<ConnectionBuilder>,
    ) -> CallResult<Resource<PostgresConnection>> {
        let address = accessor.with(|mut access| {
            wasmtime::error::Ok(access.get().table.get(&builder)?.address.clone())
        })?;
        open(accessor, address).await
    }
}

impl<T: Send> HostConnectionWithStore<T> for HostData {
    async fn open_async(
        accessor: &Accessor<T, Self>,
        address: String,
    ) -> CallResult<Resource<PostgresConnection>> {
        open(accessor, address).await
    }

    async fn query_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<PostgresConnection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> CallResult<QueryAnswer> {
        let connection = get(accessor, &connection)?;
        let parameters = match types::parameters(&parameters) {
            Ok(parameters) => parameters,
            Err(error) => return Ok(Err(Error::BadParameter(format!("{error:#}")))),
        };
        let stream = match connection.query_raw(&statement, parameters).await {
            Ok(stream) => stream,
            Err(error) => return Ok(Err(errors::query_failed(&error))),
        };
        let rows::Rows { columns, rows, end } = rows::read(stream).await;
        accessor.with(|mut access| {
            let rows = StreamReader::new(&mut access, rows)?;
            let end = FutureReader::new(&mut access, end)?;
            Ok(Ok((columns, rows, end)))
        })
    }

    async fn execute_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<PostgresConnection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> CallResult<u64> {
        let connection = get(accessor, &connection)?;
        let parameters = match types::parameters(&parameters) {
            Ok(parameters) => parameters,
            Err(error) => return Ok(Err(Error::ValueConversionFailed(format!("{error:#}")))),
        };
        let parameters: Vec<&(dyn ToSql + Sync)> =
            parameters.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect();
        let changed = connection.execute(&statement, &parameters).await;
        Ok(changed.map_err(|error| errors::query_failed(&error)))
    }
}

async fn open<T: Send>(
    accessor: &Accessor<T, HostData>,
    address: String,
) -> CallResult<Resource<PostgresConnection>> {
    let component = accessor.with(|mut access| access.get().component.clone());
    if let Err(text) = pool::check_allowed(&address, &component.allowed_hosts) {
        return Ok(Err(Error::ConnectionFailed(text)));
    }
    match component.postgres_pools.connection(&address).await {
        Ok(connection) => accessor.with(|mut access| {
            let connection = PostgresConnection(Arc::new(connection));
            Ok(Ok(access.get().table.push(connection)?))
        }),
        Err(error) => Ok(Err(Error::ConnectionFailed(format!("{error:#}")))),
    }
}

fn get<T>(
    accessor: &Accessor<T, HostData>,
    connection: &Resource<PostgresConnection>,
) -> wasmtime::Result<Arc<Object>> {
    accessor.with(|mut access| Ok(access.get().table.get(connection)?.0.clone()))
}
