//! An answer as a stream of server-sent events: what the call sends while it runs, then its result.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll};
use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::Stream;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Interval, MissedTickBehavior, interval_at};

use crate::extract::{Answered, Outbound};
use crate::protocol::{Notification, one_line};
use crate::transport::questions::Questions;

/// Proxies cut streams that are silent for 125 s and more.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How many messages may wait for a slow reader. What comes after is dropped: the call never waits.
const BACKLOG: usize = 256;

/// The sending half, given to the call.
pub(super) struct Events {
    sender: Sender<Vec<u8>>,
    /// Where answers to questions arrive, and under which session.
    questions: Arc<Questions>,
    session: String,
}

pub(super) fn events(
    questions: Arc<Questions>,
    session: String,
) -> (Arc<Events>, Receiver<Vec<u8>>) {
    let (sender, receiver) = channel(BACKLOG);
    (
        Arc::new(Events {
            sender,
            questions,
            session,
        }),
        receiver,
    )
}

impl Outbound for Events {
    fn request(&self, method: &'static str, params: Value) -> Answered {
        self.questions
            .ask(&self.session, method, params, self.sender.clone())
    }

    fn notify(&self, notification: Notification<'_>) {
        if let Ok(message) = serde_json::to_vec(&notification)
            && self.sender.try_send(message).is_err()
        {
            tracing::debug!("a notification was dropped: its reader is slow or gone");
        }
    }
}

/// One event with one JSON-RPC message.
pub(super) fn frame(message: &[u8]) -> Bytes {
    let mut event = Vec::with_capacity(message.len() + 24);
    event.extend_from_slice(b"event: message\ndata: ");
    let start = event.len();
    event.extend_from_slice(message);
    one_line(&mut event[start..]);
    event.extend_from_slice(b"\n\n");
    Bytes::from(event)
}

/// The stream of one request. Dropping it drops the call: that is how a client cancels.
pub(super) struct EventStream {
    call: Option<BoxFuture<'static, Vec<u8>>>,
    receiver: Receiver<Vec<u8>>,
    first: Option<Vec<u8>>,
    last: Option<Vec<u8>>,
    keep_alive: Interval,
}

impl EventStream {
    /// `first` is a message that was taken from the receiver already.
    pub(super) fn new(
        call: BoxFuture<'static, Vec<u8>>,
        receiver: Receiver<Vec<u8>>,
        first: Option<Vec<u8>>,
    ) -> Self {
        let mut keep_alive = interval_at(tokio::time::Instant::now() + KEEP_ALIVE, KEEP_ALIVE);
        keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            call: Some(call),
            receiver,
            first,
            last: None,
            keep_alive,
        }
    }
}

impl Stream for EventStream {
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(message) = this.first.take() {
            return Poll::Ready(Some(Ok(frame(&message))));
        }
        if let Some(call) = &mut this.call
            && let Poll::Ready(result) = call.as_mut().poll(cx)
        {
            this.call = None;
            this.last = Some(result);
        }
        // What the call sent comes before its result, also where both are there at once.
        match this.receiver.poll_recv(cx) {
            Poll::Ready(Some(message)) => return Poll::Ready(Some(Ok(frame(&message)))),
            Poll::Ready(None) | Poll::Pending => {}
        }
        if this.call.is_none() {
            // A cancelled call has no result.
            let result = this.last.take().filter(|result| !result.is_empty());
            return Poll::Ready(result.map(|result| Ok(frame(&result))));
        }
        if this.keep_alive.poll_tick(cx).is_ready() {
            return Poll::Ready(Some(Ok(Bytes::from_static(b":\n\n"))));
        }
        Poll::Pending
    }
}
