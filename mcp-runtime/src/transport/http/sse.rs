//! The body of an answer that is a stream of server-sent events.

use std::pin::Pin;
use std::task::{Context as Poller, Poll};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use futures_util::Stream;
use futures_util::future::BoxFuture;
use tokio::time::{Interval, MissedTickBehavior, interval_at};

use crate::protocol::one_line;

/// Proxies cut streams that are silent for 125 s and more.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often a stream asks whether its caller's token is still good: as often as replicas learn of a revocation.
const RECHECK: Duration = Duration::from_secs(5);

/// One event with one JSON-RPC message.
pub(super) fn frame(message: &[u8]) -> Bytes {
    event(None, message)
}

/// The same with an id, so that a client can come back for what follows it.
pub(super) fn event(id: Option<&str>, message: &[u8]) -> Bytes {
    let mut event = Vec::with_capacity(message.len() + 64);
    event.extend_from_slice(b"event: message\n");
    if let Some(id) = id {
        event.extend_from_slice(b"id: ");
        event.extend_from_slice(id.as_bytes());
        event.push(b'\n');
    }
    event.extend_from_slice(b"data: ");
    let start = event.len();
    event.extend_from_slice(message);
    one_line(&mut event[start..]);
    event.extend_from_slice(b"\n\n");
    Bytes::from(event)
}

pub(super) fn event_stream() -> HttpResponseBuilder {
    let mut builder = HttpResponse::build(StatusCode::OK);
    builder.insert_header((
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    ));
    builder.insert_header((
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    ));
    // Proxies such as nginx hold a stream back otherwise.
    builder.insert_header(("x-accel-buffering", "no"));
    builder
}

/// Asks whether the caller may still be answered.
pub(super) type Recheck = Box<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// A stream of events as it goes out: with comments while it is silent, and only as long as its caller's token is
/// good. Dropping it drops the events' source: that is how a client cancels.
pub(super) struct Body<S> {
    events: S,
    keep_alive: Interval,
    recheck: Option<(Recheck, Interval)>,
    asking: Option<BoxFuture<'static, bool>>,
}

impl<S> Body<S> {
    /// `recheck` where somebody has to be signed in.
    pub(super) fn new(events: S, recheck: Option<Recheck>) -> Self {
        Self {
            events,
            keep_alive: every(KEEP_ALIVE),
            recheck: recheck.map(|ask| (ask, every(RECHECK))),
            asking: None,
        }
    }
}

fn every(period: Duration) -> Interval {
    let mut interval = interval_at(tokio::time::Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

impl<S: Stream<Item = Bytes> + Unpin> Stream for Body<S> {
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some((ask, interval)) = &mut this.recheck {
            if this.asking.is_none() && interval.poll_tick(cx).is_ready() {
                this.asking = Some(ask());
            }
            if let Some(asking) = &mut this.asking
                && let Poll::Ready(good) = asking.as_mut().poll(cx)
            {
                this.asking = None;
                if !good {
                    return Poll::Ready(None);
                }
                // Polled again, so that it wakes this task.
                let _ = interval.poll_tick(cx);
            }
        }
        if let Poll::Ready(event) = Pin::new(&mut this.events).poll_next(cx) {
            this.keep_alive.reset();
            return Poll::Ready(event.map(Ok));
        }
        if this.keep_alive.poll_tick(cx).is_ready() {
            return Poll::Ready(Some(Ok(Bytes::from_static(b":\n\n"))));
        }
        Poll::Pending
    }
}
