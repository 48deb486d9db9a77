//! What a call sends: messages while it runs, and its answer at the end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll};

use futures_util::Stream;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::extract::{Answered, Outbound, User};
use crate::protocol::Notification;
use crate::transport::questions::Questions;

/// How many messages may wait for a slow reader. What comes after is dropped: the call never waits.
pub(super) const BACKLOG: usize = 256;

/// The sending half, given to the call.
pub(super) struct Sending {
    sender: Sender<Vec<u8>>,
    /// Where answers to questions arrive, and under which session.
    questions: Arc<Questions>,
    session: String,
    /// Who is asked.
    user: Option<Arc<User>>,
}

pub(super) fn sending(
    questions: Arc<Questions>,
    session: String,
    user: Option<Arc<User>>,
) -> (Arc<Sending>, Receiver<Vec<u8>>) {
    let (sender, receiver) = channel(BACKLOG);
    (
        Arc::new(Sending {
            sender,
            questions,
            session,
            user,
        }),
        receiver,
    )
}

impl Outbound for Sending {
    fn request(&self, method: &'static str, params: Value) -> Answered {
        // Where nobody signs in, a session is all that tells callers apart.
        let user = self.user.as_ref().map_or(&*self.session, |user| user.id());
        self.questions
            .ask(&self.session, user, method, params, self.sender.clone())
    }

    fn notify(&self, notification: Notification<'_>) {
        if let Ok(message) = serde_json::to_vec(&notification)
            && self.sender.try_send(message).is_err()
        {
            tracing::debug!("a notification was dropped: its reader is slow or gone");
        }
    }

    /// An empty message: a mark among the others, so that it takes its turn.
    fn let_go(&self) {
        let _ = self.sender.try_send(Vec::new());
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
