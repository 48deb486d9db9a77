//! What happens outside any request, and who listens to it.
//!
//! An event says that something is not what it was; the listener looks for itself what it is now. So two equal events
//! that wait are one, and what waits for a listener is never more than what it asked for: a slow one costs nobody else
//! anything, and one that takes nothing for [`STALE`] is let go.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as Poller, Poll, Waker};
use std::time::{Duration, Instant};

use futures_util::Stream;
use serde_json::value::RawValue;

use super::tasks::TaskKey;
use crate::protocol::{Listing, Notification};
use crate::registry::Changed;

/// How long a stream may leave an event where it is before it counts as dead.
const STALE: Duration = Duration::from_secs(60);

/// Something changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    List(Listing),
    Resource(Arc<str>),
    Task(TaskKey),
}

impl Event {
    /// As it goes over the wire, on this subscription if it comes by one. What to say of a task, only its records know.
    pub(crate) fn message(&self, subscription: Option<&RawValue>) -> Option<Vec<u8>> {
        let notification = match self {
            Self::List(list) => Notification::ListChanged {
                list: *list,
                subscription,
            },
            Self::Resource(uri) => Notification::ResourceUpdated { uri, subscription },
            Self::Task(_) => return None,
        };
        serde_json::to_vec(&notification).ok()
    }
}

/// What a listener wants to hear of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interest {
    pub tools: bool,
    pub prompts: bool,
    pub resources: bool,
    pub uris: HashSet<String>,
    pub tasks: HashSet<TaskKey>,
}

impl Interest {
    /// One of each event that is of interest.
    fn everything(&self) -> BTreeSet<Event> {
        let lists = [
            (self.tools, Listing::Tools),
            (self.prompts, Listing::Prompts),
            (self.resources, Listing::Resources),
        ];
        let lists = lists.into_iter().filter(|(is, _)| *is);
        lists
            .map(|(_, list)| Event::List(list))
            .chain(
                self.uris
                    .iter()
                    .map(|uri| Event::Resource(uri.as_str().into())),
            )
            .chain(self.tasks.iter().cloned().map(Event::Task))
            .collect()
    }

    fn includes(&self, event: &Event) -> bool {
        match event {
            Event::List(Listing::Tools) => self.tools,
            Event::List(Listing::Prompts) => self.prompts,
            Event::List(Listing::Resources) => self.resources,
            Event::Resource(uri) => self.uris.contains(&**uri),
            Event::Task(key) => self.tasks.contains(key),
        }
    }
}

/// Carries events to whoever listens.
#[derive(Debug, Default)]
pub(crate) struct Bus(Mutex<Listeners>);

#[derive(Debug, Default)]
struct Listeners {
    next: u64,
    queues: HashMap<u64, Arc<Queue>>,
    closed: bool,
}

impl Bus {
    pub(crate) fn listen(self: &Arc<Self>, interest: Interest) -> Listener {
        let mut listeners = self.lock();
        let id = listeners.next;
        listeners.next += 1;
        let queue = Arc::new(Queue::new(interest));
        if listeners.closed {
            queue.end(End::Closed);
        } else {
            listeners.queues.insert(id, queue.clone());
        }
        Listener {
            bus: self.clone(),
            id,
            queue,
        }
    }

    /// Tells everyone who wants to hear of it. Never waits.
    pub(crate) fn publish(&self, event: &Event) {
        self.lock().queues.retain(|_, queue| queue.offer(event));
    }

    pub(crate) fn publish_lists(&self, changed: Changed) {
        for (is, list) in [
            (changed.tools, Listing::Tools),
            (changed.prompts, Listing::Prompts),
            (changed.resources, Listing::Resources),
        ] {
            if is {
                self.publish(&Event::List(list));
            }
        }
    }

    /// Ends every listener, and those that come later: the server stops.
    pub(crate) fn close(&self) {
        let mut listeners = self.lock();
        listeners.closed = true;
        for (_, queue) in listeners.queues.drain() {
            queue.end(End::Closed);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Listeners> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Listens until it is dropped.
#[derive(Debug)]
pub(crate) struct Listener {
    bus: Arc<Bus>,
    id: u64,
    queue: Arc<Queue>,
}

impl Listener {
    /// The listener of a place: made now if there is none yet, and anew where the last one was let go. What that one
    /// missed nobody knows, so its successor begins by telling of everything that it follows.
    pub(crate) fn of(place: &mut Option<Arc<Self>>, make: impl FnOnce() -> Self) -> Arc<Self> {
        let listener = match place.take() {
            None => Arc::new(make()),
            Some(gone) if gone.was_let_go() => Arc::new(gone.again()),
            Some(listener) => listener,
        };
        place.insert(listener).clone()
    }

    fn was_let_go(&self) -> bool {
        self.queue.lock().end == Some(End::Stale)
    }

    fn again(&self) -> Self {
        let interest = self.queue.lock().interest.clone();
        let missed = interest.everything();
        let listener = self.bus.listen(interest);
        listener.queue.lock().waiting.extend(missed);
        listener
    }

    /// Whether somebody reads it now.
    pub(crate) fn is_read(&self) -> bool {
        self.queue.lock().reader.is_some()
    }

    /// The events; an earlier reader ends, since each is delivered once.
    pub(crate) fn reader(&self) -> Reader {
        let mut state = self.queue.lock();
        state.readers += 1;
        let number = state.readers;
        state.reader = Some(number);
        state.waiting_since = (!state.waiting.is_empty()).then(Instant::now);
        state.wake();
        Reader {
            number,
            queue: self.queue.clone(),
        }
    }

    /// Changes what it wants to hear of.
    pub(crate) fn adjust<T>(&self, change: impl FnOnce(&mut Interest) -> T) -> T {
        change(&mut self.queue.lock().interest)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.bus.lock().queues.remove(&self.id);
        self.queue.end(End::Dropped);
    }
}

/// Reads a listener's events.
#[derive(Debug)]
pub(crate) struct Reader {
    queue: Arc<Queue>,
    number: u64,
}

impl Reader {
    /// Whether the server itself ended it, in order.
    pub(crate) fn was_closed(&self) -> bool {
        self.queue.lock().end == Some(End::Closed)
    }

    /// Whether it ended because nobody read it for long.
    pub(crate) fn was_let_go(&self) -> bool {
        self.queue.lock().end == Some(End::Stale)
    }
}

impl Stream for Reader {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Option<Event>> {
        let mut state = self.queue.lock();
        if state.reader != Some(self.number) {
            return Poll::Ready(None);
        }
        if let Some(event) = state.waiting.pop_first() {
            state.waiting_since = (!state.waiting.is_empty()).then(Instant::now);
            return Poll::Ready(Some(event));
        }
        if state.end.is_some() {
            return Poll::Ready(None);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        if state.reader == Some(self.number) {
            // What comes now waits for the next reader, however long.
            state.reader = None;
            state.waiting_since = None;
            state.waker = None;
        }
    }
}

#[derive(Debug)]
struct Queue(Mutex<Waiting>);

#[derive(Debug)]
struct Waiting {
    interest: Interest,
    waiting: BTreeSet<Event>,
    /// Since when a reader leaves what waits.
    waiting_since: Option<Instant>,
    /// Who reads now, by number, and how many there were.
    reader: Option<u64>,
    readers: u64,
    waker: Option<Waker>,
    end: Option<End>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// By the server, in order.
    Closed,
    /// By its owner.
    Dropped,
    /// It was too slow.
    Stale,
}

impl Waiting {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl Queue {
    fn new(interest: Interest) -> Self {
        Self(Mutex::new(Waiting {
            interest,
            waiting: BTreeSet::new(),
            waiting_since: None,
            reader: None,
            readers: 0,
            waker: None,
            end: None,
        }))
    }

    /// Adds an event, if it is wanted. False where the listener is to be let go.
    fn offer(&self, event: &Event) -> bool {
        let mut state = self.lock();
        if state.waiting_since.is_some_and(|t| t.elapsed() > STALE) {
            tracing::debug!("a listener was let go: it took nothing for a minute");
            state.waiting.clear();
            state.end = Some(End::Stale);
            state.wake();
            return false;
        }
        if state.interest.includes(event) && state.waiting.insert(event.clone()) {
            if state.reader.is_some() {
                state.waiting_since.get_or_insert_with(Instant::now);
            }
            state.wake();
        }
        true
    }

    fn end(&self, end: End) {
        let mut state = self.lock();
        state.end.get_or_insert(end);
        state.wake();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, StreamExt as _};

    use super::*;

    fn of_tools() -> Interest {
        Interest {
            tools: true,
            ..Interest::default()
        }
    }

    fn waiting(listener: &Listener) -> usize {
        listener.queue.lock().waiting.len()
    }

    #[test]
    fn what_waits_for_a_slow_listener_is_bounded_by_what_it_asked_for() {
        let bus = Arc::new(Bus::default());
        let listener = bus.listen(Interest {
            uris: ["a".to_owned(), "b".to_owned()].into(),
            ..of_tools()
        });
        let _reader = listener.reader();
        for n in 0..1_000 {
            bus.publish(&Event::List(Listing::Tools));
            for uri in ["a", "b", &n.to_string()] {
                bus.publish(&Event::Resource(uri.into()));
            }
        }
        assert_eq!(waiting(&listener), 3);
    }

    #[test]
    fn who_was_let_go_is_followed_by_one_that_tells_of_all_it_may_have_missed() {
        let bus = Arc::new(Bus::default());
        let mut place = None;
        let make = || {
            bus.listen(Interest {
                uris: ["a".to_owned()].into(),
                ..of_tools()
            })
        };
        let first = Listener::of(&mut place, make);
        let mut reader = first.reader();
        assert!(Arc::ptr_eq(&first, &Listener::of(&mut place, make)));
        bus.publish(&Event::List(Listing::Tools));
        let long_ago = Instant::now().checked_sub(STALE + Duration::from_secs(1));
        first.queue.lock().waiting_since =
            Some(long_ago.expect("the clock is older than a minute"));
        bus.publish(&Event::List(Listing::Tools));
        assert_eq!(reader.next().now_or_never(), Some(None));
        assert!(reader.was_let_go());
        let second = Listener::of(&mut place, || unreachable!("its interest is known"));
        let mut reader = second.reader();
        for expected in [Event::List(Listing::Tools), Event::Resource("a".into())] {
            assert_eq!(reader.next().now_or_never(), Some(Some(expected)));
        }
        bus.publish(&Event::Resource("a".into()));
        assert_eq!(waiting(&second), 1);
    }

    #[test]
    fn a_listener_that_takes_nothing_for_a_minute_is_let_go_and_others_are_not() {
        let bus = Arc::new(Bus::default());
        let (dead, alive) = (bus.listen(of_tools()), bus.listen(of_tools()));
        let (mut of_dead, mut of_alive) = (dead.reader(), alive.reader());
        bus.publish(&Event::List(Listing::Tools));
        assert!(of_alive.next().now_or_never().flatten().is_some());
        let long_ago = Instant::now().checked_sub(STALE + Duration::from_secs(1));
        dead.queue.lock().waiting_since = Some(long_ago.expect("the clock is older than a minute"));
        bus.publish(&Event::List(Listing::Tools));
        assert_eq!(of_dead.next().now_or_never(), Some(None));
        assert!(!of_dead.was_closed(), "it is not told of an end in order");
        assert!(of_alive.next().now_or_never().flatten().is_some());
    }

    #[test]
    fn what_happens_between_two_readers_waits_for_the_second_however_long() {
        let bus = Arc::new(Bus::default());
        let listener = bus.listen(of_tools());
        drop(listener.reader());
        bus.publish(&Event::List(Listing::Tools));
        assert_eq!(listener.queue.lock().waiting_since, None);
        let mut reader = listener.reader();
        assert_eq!(
            reader.next().now_or_never(),
            Some(Some(Event::List(Listing::Tools)))
        );
        assert_eq!(reader.next().now_or_never(), None);
    }

    #[test]
    fn a_dropped_listener_leaves_nothing_behind() {
        let bus = Arc::new(Bus::default());
        for _ in 0..1_000 {
            drop(bus.listen(of_tools()));
        }
        assert!(bus.lock().queues.is_empty());
        bus.close();
        let late = bus.listen(of_tools());
        assert_eq!(late.reader().next().now_or_never(), Some(None));
    }
}
