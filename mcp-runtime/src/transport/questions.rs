//! Requests of ours that wait for a client's answer, on the wires before 2026-07-28.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;
use tokio::sync::oneshot;

use crate::extract::Answered;
use crate::result::Error;

/// How many questions may be open at once.
const MAX_OPEN: usize = 10_000;

/// The open questions of one endpoint. Keys are of the session and the request, so that nobody can answer another's.
#[derive(Default)]
pub(super) struct Questions(Mutex<HashMap<String, oneshot::Sender<Result<Value, String>>>>);

impl Questions {
    /// Asks: the request goes out among the client's messages, and waits for its place behind notifications.
    /// Dropping the future takes the question back.
    pub(super) fn ask(
        self: &Arc<Self>,
        scope: &str,
        method: &'static str,
        params: Value,
        messages: Sender<Vec<u8>>,
    ) -> Answered {
        let id = format!("ask-{:016x}", rand::random::<u64>());
        let key = format!("{scope}\n\"{id}\"");
        let (answer, answered) = oneshot::channel();
        let open = self.with(|map| {
            let room = map.len() < MAX_OPEN;
            if room {
                map.insert(key.clone(), answer);
            }
            room
        });
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        let question = Open {
            questions: self.clone(),
            key,
        };
        Box::pin(async move {
            let _question = question;
            let request = request.to_string().into_bytes();
            if !open || messages.send(request).await.is_err() {
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
        let waiting = self.with(|map| map.remove(&format!("{scope}\n{id}")));
        if waiting.is_none_or(|waiting| waiting.send(answer).is_err()) {
            tracing::debug!("an answer came to a question that nobody asks any more");
        }
    }

    fn with<T>(
        &self,
        f: impl FnOnce(&mut HashMap<String, oneshot::Sender<Result<Value, String>>>) -> T,
    ) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An open question; closed when its call ends.
struct Open {
    questions: Arc<Questions>,
    key: String,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.questions.with(|map| map.remove(&self.key));
    }
}
