//! Bodies of requests: they arrive before their request takes anything that others need.
//!
//! Whoever sends slowly would else hold a turn and a place in an instance for as long as he likes.
//! What is longer than [`PART_LENGTH_MAX`] goes on arriving while the guest reads it, with a bound
//! for each pause.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep, timeout_at};
use wasmtime_wasi_http::{Error, WasiBody};

/// Bytes of one body that are waited for. Forms and JSON of people are shorter.
const PART_LENGTH_MAX: usize = 64 * 1024;

/// Bytes of all bodies that are waited for or not read yet.
const KEPT_LENGTH_MAX: usize = 256 * 1024 * 1024;

/// What the bodies of all requests share.
pub(super) struct Arrivals {
    room: Arc<Semaphore>,
    max_wait: Duration,
}

/// Why a body is not waited for any longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It did not arrive in time.
    Late,
    /// It was cut off or is not HTTP.
    Broken,
    /// Too much of the bodies of others is here already.
    NoRoom,
}

impl Arrivals {
    /// `max_wait`: until a body is here, or its first [`PART_LENGTH_MAX`] bytes; and for each frame
    /// after those.
    pub(super) fn new(max_wait: Duration) -> Self {
        Self { room: Arc::new(Semaphore::new(KEPT_LENGTH_MAX)), max_wait }
    }

    /// Waits for a body, and gives it back as the guest shall read it.
    pub(super) async fn wait_for(&self, mut body: Incoming) -> Result<WasiBody, Refused> {
        let deadline = Instant::now() + self.max_wait;
        let mut part = Part { frames: VecDeque::new(), length: 0, room: None };
        let rest = loop {
            if body.is_end_stream() {
                break None;
            }
            if part.length >= PART_LENGTH_MAX {
                break Some(Rest {
                    body,
                    max_pause: self.max_wait,
                    pause: Box::pin(sleep(self.max_wait)),
                });
            }
            let frame = timeout_at(deadline, body.frame()).await.map_err(|_| Refused::Late)?;
            match frame {
                Some(Ok(frame)) => part.keep(frame, &self.room)?,
                Some(Err(_)) => return Err(Refused::Broken),
                None => break None,
            }
        };
        Ok(Arrived { part, rest }.boxed_unsync())
    }
}

/// What has arrived.
struct Part {
    frames: VecDeque<Frame<Bytes>>,
    length: usize,
    /// Given back when the guest has read it, or never will.
    room: Option<OwnedSemaphorePermit>,
}

impl Part {
    fn keep(&mut self, frame: Frame<Bytes>, room: &Arc<Semaphore>) -> Result<(), Refused> {
        let length = frame.data_ref().map_or(0, Bytes::len);
        let bytes = u32::try_from(length).map_err(|_| Refused::NoRoom)?;
        let taken = Arc::clone(room).try_acquire_many_owned(bytes).map_err(|_| Refused::NoRoom)?;
        match &mut self.room {
            Some(room) => room.merge(taken),
            None => self.room = Some(taken),
        }
        self.length += length;
        self.frames.push_back(frame);
        Ok(())
    }
}

/// What has not arrived yet.
struct Rest {
    body: Incoming,
    max_pause: Duration,
    pause: Pin<Box<Sleep>>,
}

/// A body as the guest reads it.
struct Arrived {
    part: Part,
    rest: Option<Rest>,
}

impl Body for Arrived {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Some(frame) = self.part.frames.pop_front() {
            if self.part.frames.is_empty() {
                self.part.room = None;
                if let Some(rest) = &mut self.rest {
                    // From here on the guest waits for it.
                    rest.begin_pause();
                }
            }
            return Poll::Ready(Some(Ok(frame)));
        }
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        if let Poll::Ready(frame) = Pin::new(&mut rest.body).poll_frame(context) {
            rest.begin_pause();
            return Poll::Ready(frame.map(|frame| frame.map_err(Error::from)));
        }
        ready!(rest.pause.as_mut().poll(context));
        self.rest = None;
        Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.part.frames.is_empty()
            && self.rest.as_ref().is_none_or(|rest| rest.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let here =
            self.part.frames.iter().filter_map(Frame::data_ref).map(Bytes::len).sum::<usize>();
        let here = here as u64;
        let Some(rest) = &self.rest else { return SizeHint::with_exact(here) };
        let rest = rest.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(here.saturating_add(rest.lower()));
        if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(here)) {
            hint.set_upper(upper);
        }
        hint
    }
}

impl Rest {
    fn begin_pause(&mut self) {
        self.pause.as_mut().reset(Instant::now() + self.max_pause);
    }
}
