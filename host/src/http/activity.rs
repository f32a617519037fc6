//! What happens on a connection, and for how long nothing has.
//!
//! A connection costs a file and memory. One that says nothing, and one whose client does not read
//! what it asked for, is ended; one on which a guest is at work, or has nothing to say on a stream,
//! is not.

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, sleep_until};
use wasmtime_wasi_http::{Error, WasiBody};

/// How long a connection may be silent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Silence {
    /// Until its first request has a whole head.
    pub(crate) before_first: Duration,
    /// After that, while no guest is at work for it.
    pub(crate) later: Duration,
}

/// What happens on one connection.
pub(super) struct Activity {
    began: Instant,
    has_request: AtomicBool,
    /// Answers that a guest has not finished and that wait for it, not for the client.
    guests_at_work: AtomicUsize,
    /// When something happened last, in milliseconds from the beginning.
    last_ms: AtomicU64,
}

impl Activity {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            has_request: AtomicBool::new(false),
            guests_at_work: AtomicUsize::new(0),
            last_ms: AtomicU64::new(0),
        }
    }

    /// A request has come. What it is answered with goes through [`Work::follow`].
    pub(super) fn begin(self: &Arc<Self>) -> Work {
        self.has_request.store(true, Ordering::Relaxed);
        let mut work = Work { activity: Arc::clone(self), is_guests_turn: false };
        work.set_guests_turn(true);
        work
    }

    /// Ends once nothing has happened for too long.
    pub(super) async fn silence(&self, bounds: Silence) {
        loop {
            let bound = match self.has_request.load(Ordering::Relaxed) {
                true => bounds.later,
                false => bounds.before_first,
            };
            let last = Duration::from_millis(self.last_ms.load(Ordering::Relaxed));
            let Some(end) = self.began.checked_add(last).and_then(|it| it.checked_add(bound))
            else {
                return pending().await;
            };
            let is_over = end <= Instant::now();
            let is_idle = self.guests_at_work.load(Ordering::Relaxed) == 0;
            match (is_over, is_idle) {
                (true, true) => return,
                // Looked at again after as long as silence may last.
                (true, false) => sleep_until(Instant::now() + bound).await,
                (false, _) => sleep_until(end).await,
            }
        }
    }

    fn note(&self) {
        let passed_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_ms.store(passed_ms, Ordering::Relaxed);
    }
}

/// A request and its answer.
pub(super) struct Work {
    activity: Arc<Activity>,
    is_guests_turn: bool,
}

impl Work {
    /// The body of the answer: from the head on the client reads and the guest writes.
    pub(super) fn follow(self, body: WasiBody) -> FollowedBody {
        FollowedBody { body, work: self }
    }

    fn set_guests_turn(&mut self, is_guests_turn: bool) {
        if self.is_guests_turn == is_guests_turn {
            return;
        }
        self.is_guests_turn = is_guests_turn;
        match is_guests_turn {
            true => self.activity.guests_at_work.fetch_add(1, Ordering::Relaxed),
            false => self.activity.guests_at_work.fetch_sub(1, Ordering::Relaxed),
        };
        self.activity.note();
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.set_guests_turn(false);
    }
}

/// The body of an answer, which tells whose turn it is.
pub(super) struct FollowedBody {
    body: WasiBody,
    work: Work,
}

impl Body for FollowedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        // What is there is for the client to take; nothing is asked for more before that.
        self.work.set_guests_turn(frame.is_pending());
        if frame.is_ready() {
            self.work.activity.note();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use http_body_util::{BodyExt, StreamBody};
    use tokio::time::{advance, timeout};

    use super::*;

    const BOUNDS: Silence =
        Silence { before_first: Duration::from_secs(10), later: Duration::from_secs(60) };

    /// After how many seconds the connection is ended, of two hundred.
    async fn ended_after(activity: &Activity) -> Option<u64> {
        let begun = Instant::now();
        let silence = activity.silence(BOUNDS);
        timeout(Duration::from_secs(200), silence).await.ok().map(|()| begun.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_is_ended_early() {
        assert_eq!(ended_after(&Activity::new()).await, Some(10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_guest_at_work_may_take_its_time() {
        let activity = Arc::new(Activity::new());
        let work = activity.begin();
        assert_eq!(ended_after(&activity).await, None);
        drop(work);
        assert_eq!(ended_after(&activity).await, Some(60));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_is_ended_and_a_quiet_stream_is_not() {
        let activity = Arc::new(Activity::new());
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel::<Frame<Bytes>>();
        let frames = futures_util::stream::unfold(receiver, async |mut receiver| {
            Some((Ok::<_, Error>(receiver.recv().await?), receiver))
        });
        let mut body = activity.begin().follow(StreamBody::new(frames).boxed_unsync());
        let mut context = Context::from_waker(Waker::noop());
        let mut poll = || Pin::new(&mut body).poll_frame(&mut context).is_ready();
        assert!(!poll());
        assert_eq!(ended_after(&activity).await, None);
        sender.send(Frame::data(Bytes::from_static(b"word"))).unwrap();
        assert!(poll());
        advance(Duration::from_secs(30)).await;
        assert_eq!(ended_after(&activity).await, Some(30));
    }
}
