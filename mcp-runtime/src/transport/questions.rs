//! Requests of ours that wait for a client's answer, on the wires before 2026-07-28.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;
use tokio::sync::oneshot;

use crate::extract::Answered;
use crate::result::Error;

/// How many questions may be open at once, altogether and to one user.
const MAX_OPEN: usize = 10_000;
const MAX_TO_ONE: usize = 1_000;

/// The open questions of one endpoint.
#[derive(Default)]
pub(super) struct Questions(Mutex<Asked>);

#[derive(Default)]
struct Asked {
    /// Keys are of the session and the request, so that nobody can answer another's.
    waiting: HashMap<String, oneshot::Sender<Result<Value, String>>>,
    /// How many of each user's calls wait.
    of_users: HashMap<String, usize>,
}

impl Questions {
    /// Asks: the request goes out among the client's messages, and waits for its place behind notifications.
    /// Dropping the future takes the question back.
    pub(super) fn ask(
        self: &Arc<Self>,
        scope: &str,
        user: &str,
        method: &'static str,
        params: Value,
        messages: Sender<Vec<u8>>,
    ) -> Answered {
        let id = format!("ask-{:016x}", rand::random::<u64>());
        let key = format!("{scope}\n\"{id}\"");
        let (answer, answered) = oneshot::channel();
        let open = self.with(|asked| {
            let to_one = asked.of_users.get(user).copied().unwrap_or_default();
            let room = asked.waiting.len() < MAX_OPEN && to_one < MAX_TO_ONE;
            if room {
                asked.waiting.insert(key.clone(), answer);
                asked.of_users.insert(user.to_owned(), to_one + 1);
            }
            room
        });
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        let question = open.then(|| Open {
            questions: self.clone(),
            key,
            user: user.to_owned(),
        });
        Box::pin(async move {
            let Some(_question) = question else {
                return Err(Error::tool(
                    "The client could not be asked: too many questions wait for an answer already.",
                ));
            };
            let request = request.to_string().into_bytes();
            if messages.send(request).await.is_err() {
                return Err(Error::tool("The client could not be asked: it is gone."));
            }
            match answered.await {
                Ok(Ok(result)) => Ok(result),
                Ok(Err(message)) => Err(Error::tool(format!(
                    "The client refused the question: {message}"
                ))),
                Err(_) => Err(Error::tool("The client went away before it answered.")),
            }
        })
    }

    /// Hands an answer to whoever waits for it.
    pub(super) fn answer(&self, scope: &str, id: &str, answer: Result<Value, String>) {
        let waiting = self.with(|asked| asked.waiting.remove(&format!("{scope}\n{id}")));
        if waiting.is_none_or(|waiting| waiting.send(answer).is_err()) {
            tracing::debug!("an answer came to a question that nobody asks any more");
        }
    }

    fn with<T>(&self, f: impl FnOnce(&mut Asked) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An open question; closed when its call ends.
struct Open {
    questions: Arc<Questions>,
    key: String,
    user: String,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.questions.with(|asked| {
            asked.waiting.remove(&self.key);
            if let Some(n) = asked.of_users.get_mut(&self.user) {
                *n -= 1;
                if *n == 0 {
                    asked.of_users.remove(&self.user);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use tokio::sync::mpsc::channel;

    use super::*;

    #[tokio::test]
    async fn one_user_cannot_use_up_the_questions_of_all() {
        let questions: Arc<Questions> = Arc::default();
        let (sender, mut sent) = channel(8);
        let ask = |user: &str| questions.ask("session", user, "ping", json!({}), sender.clone());
        let mut open: Vec<_> = (0..MAX_TO_ONE).map(|_| ask("alice")).collect();
        let Poll::Ready(Err(refused)) = futures_util::poll!(ask("alice")) else {
            panic!("one too many is asked");
        };
        assert!(
            format!("{refused:?}").contains("too many questions"),
            "{refused:?}"
        );
        assert!(sent.try_recv().is_err(), "it went out all the same");
        let mut bobs = ask("bob");
        assert!(futures_util::poll!(&mut bobs).is_pending());
        assert!(sent.try_recv().is_ok(), "bob is asked");
        // What is taken back makes room.
        open.pop();
        let mut again = ask("alice");
        assert!(futures_util::poll!(&mut again).is_pending());
        drop((open, bobs, again));
        let left = questions.with(|asked| (asked.waiting.len(), asked.of_users.len()));
        assert_eq!(left, (0, 0));
    }
}
