//! What a call sends: messages while it runs, and its answer at the end.

use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context as Poller, Poll};

use futures_util::Stream;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::session::Session;
use crate::extract::{Answered, Outbound, User};
use crate::protocol::Notification;
use crate::transport::questions::Questions;

/// How many messages may wait for a slow reader. What comes after is dropped: the call never waits.
pub(super) const BACKLOG: usize = 256;

/// The sending half, given to the call. Most calls send nothing, so the channel is made at the first message or when
/// somebody waits for one.
pub(super) struct Sending {
    /// `None` once it is too late: the answer has gone out without it.
    channel: OnceLock<Option<Channel>>,
    /// Where answers to questions arrive, and in which session.
    questions: Arc<Questions>,
    session: Option<Session>,
    /// Who is asked.
    user: Option<Arc<User>>,
}

struct Channel {
    sender: Sender<Vec<u8>>,
    /// Until it is taken.
    receiver: Mutex<Option<Receiver<Vec<u8>>>>,
}

impl Sending {
    pub(super) fn new(
        questions: Arc<Questions>,
        session: Option<Session>,
        user: Option<Arc<User>>,
    ) -> Self {
        Self {
            channel: OnceLock::new(),
            questions,
            session,
            user,
        }
    }

    fn channel(&self) -> Option<&Channel> {
        let channel = self.channel.get_or_init(|| {
            let (sender, receiver) = channel(BACKLOG);
            let receiver = Mutex::new(Some(receiver));
            Some(Channel { sender, receiver })
        });
        channel.as_ref()
    }

    /// Takes nothing from now on, unless something was sent already. What a call leaves behind may go on with its
    /// context, and its questions must find nobody rather than wait.
    pub(super) fn close_unused(&self) -> bool {
        self.channel.set(None).is_ok()
    }

    /// The receiving half, once; with it goes whoever could be sent something.
    pub(super) fn receiver(&self) -> Receiver<Vec<u8>> {
        let receiver = self.channel().and_then(|channel| {
            let receiver = channel.receiver.lock();
            receiver.unwrap_or_else(PoisonError::into_inner).take()
        });
        receiver.unwrap_or_else(|| channel(1).1)
    }

    fn send(&self, message: Vec<u8>) {
        let sent = self.channel().map(|c| c.sender.try_send(message));
        if !matches!(sent, Some(Ok(()))) {
            tracing::debug!("a notification was dropped: its reader is slow or gone");
        }
    }
}

impl Outbound for Sending {
    fn request(&self, method: &'static str, params: Value) -> Answered {
        let scope = self.session.map(|s| s.scope()).unwrap_or_default();
        let sender = match self.channel() {
            Some(channel) => channel.sender.clone(),
            // Nobody reads it, which is what the question will find.
            None => channel(1).0,
        };
        // Where nobody signs in, a session is all that tells callers apart.
        let user = self.user.as_ref().map_or(&*scope, |user| user.id());
        self.questions.ask(&scope, user, method, params, sender)
    }

    fn notify(&self, notification: Notification<'_>) {
        if let Ok(message) = serde_json::to_vec(&notification) {
            self.send(message);
        }
    }

    /// An empty message: a mark among the others, so that it takes its turn.
    fn let_go(&self) {
        self.send(Vec::new());
    }
}

/// The messages of one call, its answer last. Dropping them drops the call.
pub(super) struct Messages {
    call: Option<BoxFuture<'static, Vec<u8>>>,
    receiver: Receiver<Vec<u8>>,
    first: Option<Vec<u8>>,
    last: Option<Vec<u8>>,
}

impl Messages {
    /// `first` is a message that was taken from the receiver already.
    pub(super) fn new(
        call: BoxFuture<'static, Vec<u8>>,
        receiver: Receiver<Vec<u8>>,
        first: Option<Vec<u8>>,
    ) -> Self {
        Self {
            call: Some(call),
            receiver,
            first,
            last: None,
        }
    }
}

/// A message of a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sent {
    Message(Vec<u8>),
    /// The call lets its client go until there is more.
    LetGo,
}

impl From<Vec<u8>> for Sent {
    fn from(message: Vec<u8>) -> Self {
        if message.is_empty() {
            Self::LetGo
        } else {
            Self::Message(message)
        }
    }
}

impl Stream for Messages {
    type Item = Sent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Option<Sent>> {
        let this = &mut *self;
        if let Some(message) = this.first.take() {
            return Poll::Ready(Some(message.into()));
        }
        if let Some(call) = &mut this.call
            && let Poll::Ready(result) = call.as_mut().poll(cx)
        {
            this.call = None;
            this.last = Some(result);
        }
        // What the call sent comes before its answer, also where both are there at once.
        if let Poll::Ready(Some(message)) = this.receiver.poll_recv(cx) {
            return Poll::Ready(Some(message.into()));
        }
        if this.call.is_some() {
            return Poll::Pending;
        }
        // A cancelled call has no answer.
        let last = this.last.take().filter(|last| !last.is_empty());
        Poll::Ready(last.map(Sent::Message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn after_its_answer_a_call_asks_nobody() {
        let sending = Sending::new(Arc::default(), None, None);
        assert!(sending.close_unused());
        let asked = sending.request("elicitation/create", Value::Null).await;
        assert!(asked.is_err_and(|e| e.to_string().contains("gone")));

        let sending = Sending::new(Arc::default(), None, None);
        sending.let_go();
        assert!(!sending.close_unused(), "what was sent must go out");
        assert_eq!(sending.receiver().recv().await, Some(Vec::new()));
    }
}
