//! Streams that a client can come back to (Streamable HTTP before 2026-07-28, "Resumability and Redelivery").
//!
//! The call runs on without its client: what it sends is numbered and kept, and a GET with `Last-Event-ID` gets what
//! the client has missed. A client that stays away for [`GRACE`] has gone, and the call is dropped.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as Poller, Poll, Waker};
use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio::time::Instant;

use super::messages::{BACKLOG, Messages, Sent};
use super::sse::event;

/// How long a client may stay away from a call that runs, or leave an answer.
const GRACE: Duration = Duration::from_secs(30);
/// How long an answer is kept after it was sent: nobody says whether it arrived.
const KEPT: Duration = Duration::from_secs(10);
/// How often a running call looks whether its client has come back.
const LOOK: Duration = Duration::from_secs(1);
/// How long a client should wait before it comes back, in milliseconds.
const RETRY_MS: u32 = 300;
/// How many streams can be resumed at once; further ones are answered without ids.
const MAX_STREAMS: usize = 10_000;
/// How many events are kept behind what the client has read, and how many bytes of them.
const MAX_KEPT: usize = 2 * BACKLOG;
const MAX_KEPT_BYTES: usize = 1 << 20;

/// The streams of one endpoint, by session and number.
pub(super) struct Streams {
    grace: Duration,
    open: Mutex<HashMap<(String, u64), Arc<Kept>>>,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            grace: GRACE,
            open: Mutex::default(),
        }
    }
}

/// One stream: its events, and who reads them.
struct Kept {
    number: u64,
    /// Whether its client knows from the start how to come back.
    primed: bool,
    state: Mutex<State>,
}

struct State {
    events: VecDeque<(u64, Bytes)>,
    bytes: usize,
    next: u64,
    done: bool,
    /// Up to where an answer was handed to a client.
    read: u64,
    /// Who reads now; a client that comes back takes over.
    reader: u64,
    attached: bool,
    /// The call has let its client go: the reader ends where it has read all.
    let_go: bool,
    /// When the last reader left.
    left: Instant,
    waker: Option<Waker>,
}

impl Streams {
    /// Lets the call run on its own and returns its first reader, or the messages where there is no room for another
    /// stream. `primed` begins with an event without a message, so that a client knows where it is from the start.
    pub(super) fn begin(
        self: &Arc<Self>,
        session: &str,
        messages: Messages,
        primed: bool,
    ) -> Result<Reader, Messages> {
        let key = (session.to_owned(), rand::random::<u64>() >> 1);
        let kept = Arc::new(Kept::new(key.1, primed));
        {
            let mut streams = self.lock();
            if streams.len() >= MAX_STREAMS {
                return Err(messages);
            }
            streams.insert(key.clone(), kept.clone());
        }
        if primed {
            kept.prime();
        }
        let reader = kept.clone().reader(0);
        let place = Place {
            streams: self.clone(),
            key,
        };
        let grace = self.grace;
        tokio::spawn(async move {
            let _place = place;
            kept.pump(messages, grace).await;
            kept.linger(grace).await;
        });
        Ok(reader)
    }

    /// The rest of a stream, for a client that names the last event that it has. `None` where nothing is left.
    pub(super) fn resume(&self, session: &str, last_event: &str) -> Option<Reader> {
        let (stream, seen) = last_event.split_once('-')?;
        let number = u64::from_str_radix(stream, 16).ok()?;
        let seen: u64 = seen.parse().ok()?;
        let kept = self.lock().get(&(session.to_owned(), number)).cloned()?;
        kept.still_has(seen).then(|| kept.reader(seen + 1))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(String, u64), Arc<Kept>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream's place among the others; given up when its call is forgotten.
struct Place {
    streams: Arc<Streams>,
    key: (String, u64),
}

impl Drop for Place {
    fn drop(&mut self) {
        self.streams.lock().remove(&self.key);
    }
}

impl Kept {
    fn new(number: u64, primed: bool) -> Self {
        Self {
            number,
            primed,
            state: Mutex::new(State {
                events: VecDeque::new(),
                next: 0,
                done: false,
                bytes: 0,
                read: 0,
                reader: 0,
                attached: false,
                let_go: false,
                left: Instant::now(),
                waker: None,
            }),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn prime(&self) {
        let mut state = self.lock();
        let id = format!("{:x}-{}", self.number, state.next);
        let text = format!("id: {id}\nretry: {RETRY_MS}\ndata: \n\n");
        state.push(Bytes::from(text));
    }

    fn message(&self, message: &[u8]) {
        let mut state = self.lock();
        let id = format!("{:x}-{}", self.number, state.next);
        state.push(event(Some(&id), message));
    }

    /// Keeps what the call sends, until it is done or its client has gone.
    async fn pump(&self, mut messages: Messages, grace: Duration) {
        loop {
            tokio::select! {
                sent = messages.next() => match sent {
                    Some(Sent::Message(message)) => self.message(&message),
                    Some(Sent::LetGo) if self.primed => self.lock().let_go(),
                    Some(Sent::LetGo) => {}
                    None => break,
                },
                () = tokio::time::sleep(LOOK) => {
                    if self.lock().is_alone_for(grace) {
                        tracing::debug!("a call was dropped: its client left and did not come back");
                        break;
                    }
                }
            }
        }
        let mut state = self.lock();
        state.done = true;
        state.wake();
    }

    /// Keeps the answer for a while.
    async fn linger(&self, grace: Duration) {
        let done = Instant::now();
        loop {
            {
                let state = self.lock();
                let delivered = state.read == state.next && done.elapsed() >= KEPT;
                if !state.attached && (delivered || state.is_alone_for(grace)) {
                    return;
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Whether something follows this event, or will, of which nothing was thrown away.
    fn still_has(&self, seen: u64) -> bool {
        let state = self.lock();
        let follows = seen + 1 < state.next || (seen + 1 == state.next && !state.done);
        follows
            && state
                .events
                .front()
                .is_none_or(|(oldest, _)| *oldest <= seen + 1)
    }

    fn reader(self: Arc<Self>, from: u64) -> Reader {
        let mut state = self.lock();
        state.reader += 1;
        state.attached = true;
        state.let_go = false;
        state.wake();
        let number = state.reader;
        drop(state);
        Reader {
            kept: self,
            number,
            next: from,
        }
    }
}

impl State {
    fn push(&mut self, event: Bytes) {
        // What was read long ago goes first; what was not is thrown away only where a client is far behind.
        if self.events.len() >= MAX_KEPT {
            self.pop();
        }
        self.bytes += event.len();
        self.events.push_back((self.next, event));
        self.next += 1;
        // A client that reads along rarely comes back for much; the last event stays in any case.
        while self.bytes > MAX_KEPT_BYTES
            && self.events.len() > 1
            && self.events.front().is_some_and(|(n, _)| *n < self.read)
        {
            self.pop();
        }
        self.wake();
    }

    fn pop(&mut self) {
        if let Some((_, event)) = self.events.pop_front() {
            self.bytes -= event.len();
        }
    }

    fn let_go(&mut self) {
        self.let_go = true;
        self.wake();
    }

    fn is_alone_for(&self, time: Duration) -> bool {
        !self.attached && self.left.elapsed() >= time
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// Reads a stream for one client, from one event on.
pub(super) struct Reader {
    kept: Arc<Kept>,
    number: u64,
    next: u64,
}

impl Stream for Reader {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Option<Bytes>> {
        let this = &mut *self;
        let mut state = this.kept.lock();
        if state.reader != this.number {
            return Poll::Ready(None);
        }
        let at = state.events.partition_point(|(n, _)| *n < this.next);
        if let Some((number, event)) = state.events.get(at) {
            let (number, event) = (*number, event.clone());
            this.next = number + 1;
            state.read = state.read.max(this.next);
            return Poll::Ready(Some(event));
        }
        if state.done || state.let_go {
            return Poll::Ready(None);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.kept.lock();
        if state.reader == self.number {
            state.attached = false;
            state.left = Instant::now();
            state.waker = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use tokio::sync::oneshot;

    use super::*;

    /// The messages of a call that never ends, and word of its being dropped.
    fn endless() -> (Messages, oneshot::Receiver<()>) {
        let (alive, dropped) = oneshot::channel::<()>();
        let call = async move {
            let _alive = alive;
            std::future::pending().await
        };
        let (_, receiver) = tokio::sync::mpsc::channel(1);
        (Messages::new(call.boxed(), receiver, None), dropped)
    }

    #[test]
    fn what_was_read_is_kept_up_to_so_many_bytes_and_what_was_not_is_kept() {
        let kept = Arc::new(Kept::new(1, false));
        let mut reader = kept.clone().reader(0);
        let large = Bytes::from(vec![b'x'; MAX_KEPT_BYTES / 2 + 1]);
        for _ in 0..3 {
            kept.lock().push(large.clone());
        }
        assert_eq!(kept.lock().events.len(), 3, "nobody has read them");
        for _ in 0..3 {
            assert!(reader.next().now_or_never().flatten().is_some());
        }
        kept.lock().push(large.clone());
        assert_eq!(kept.lock().events.len(), 1);
        assert!(reader.next().now_or_never().flatten().is_some());
    }

    #[tokio::test]
    async fn a_call_is_dropped_once_its_client_has_stayed_away() {
        let streams = Arc::new(Streams {
            grace: Duration::ZERO,
            ..Streams::default()
        });
        let (messages, mut dropped) = endless();
        let Ok(reader) = streams.begin("s", messages, true) else {
            panic!("there is room");
        };
        assert!(dropped.try_recv().is_err());
        drop(reader);
        assert!(dropped.await.is_err(), "the call's half is gone");
        while !streams.lock().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    #[tokio::test]
    async fn where_there_is_no_room_the_call_stays_with_its_connection() {
        let streams = Arc::new(Streams::default());
        for n in 0..MAX_STREAMS as u64 {
            let kept = Arc::new(Kept::new(n, false));
            streams.lock().insert((String::new(), n), kept);
        }
        let (messages, _dropped) = endless();
        assert!(streams.begin("s", messages, true).is_err());
    }

    #[test]
    fn what_a_client_is_far_behind_of_is_not_offered_again() {
        let kept = Kept::new(1, false);
        for n in 0..MAX_KEPT + 10 {
            kept.message(n.to_string().as_bytes());
        }
        assert!(!kept.still_has(5), "the events after 5 are gone in part");
        assert!(kept.still_has(9));
        assert!(!kept.still_has(100_000));
    }
}
