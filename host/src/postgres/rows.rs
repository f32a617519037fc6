//! The rows of a query, from Postgres to the guest while they arrive.

use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use futures_util::StreamExt;
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::RowStream;
use wasmtime::StoreContextMut;
use wasmtime::component::{Destination, StreamProducer, StreamResult};

use super::{errors, types};
use crate::bindings::postgres::{Column, Error, QueryError, Row};

/// Rows read ahead of the guest, as in Spin.
const ROWS_AHEAD: usize = 4;

/// The largest row a guest gets, as in Spin.
const MAX_ROW_BYTES: usize = 128 << 20;

/// An answer that is still being read.
pub(super) struct Rows {
    /// Known from the first row, so empty when there is none, as in Spin.
    pub(super) columns: Vec<Column>,
    pub(super) rows: RowProducer,
    /// An error during the execution shows here only.
    pub(super) end: oneshot::Receiver<Result<(), Error>>,
}

/// Waits for the first row, and reads the others in the background.
pub(super) async fn read(stream: RowStream) -> Rows {
    let (rows_sender, rows) = mpsc::channel(ROWS_AHEAD);
    let (columns_sender, columns) = oneshot::channel();
    let (end_sender, end) = oneshot::channel();
    tokio::spawn(async move {
        // A guest that has dropped the stream is no longer interested in the end either.
        let end = tokio::select! {
            biased;
            () = rows_sender.closed() => Ok(()),
            end = forward(stream, columns_sender, &rows_sender) => end,
        };
        let _guest_gone = end_sender.send(end);
    });
    Rows { columns: columns.await.unwrap_or_default(), rows: RowProducer { rows }, end }
}

async fn forward(
    stream: RowStream,
    columns: oneshot::Sender<Vec<Column>>,
    rows: &mpsc::Sender<Row>,
) -> Result<(), Error> {
    let mut stream = pin!(stream);
    let mut columns = Some(columns);
    while let Some(row) = stream.next().await {
        let row = row.map_err(|error| errors::query_failed(&error))?;
        if let Some(columns) = columns.take() {
            let _guest_gone = columns.send(types::columns(&row));
        }
        let row = types::row(&row).map_err(|error| failed(format!("{error:#}")))?;
        if row.iter().map(types::size_bytes).sum::<usize>() > MAX_ROW_BYTES {
            return Err(failed(format!("query result exceeds limit of {MAX_ROW_BYTES} bytes")));
        }
        if rows.send(row).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

fn failed(text: String) -> Error {
    Error::QueryFailed(QueryError::Text(text))
}

/// The guest's end of the rows.
pub(super) struct RowProducer {
    rows: mpsc::Receiver<Row>,
}

impl<D> StreamProducer<D> for RowProducer {
    type Item = Row;
    type Buffer = Option<Row>;

    fn poll_produce<'a>(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        store: StoreContextMut<'a, D>,
        mut destination: Destination<'a, Row, Option<Row>>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        // A read of zero items asks whether a row is there. We cannot know without taking one.
        if destination.remaining(store) == Some(0) {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        match self.get_mut().rows.poll_recv(context) {
            Poll::Ready(Some(row)) => {
                destination.set_buffer(Some(row));
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Poll::Ready(None) => Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => Poll::Pending,
        }
    }
}
