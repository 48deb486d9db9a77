//! What a call has asked and been answered, on the stateless wire: over several rounds, or as a task that runs on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::task::{Context as Poller, Poll, Waker};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Notify;

/// The questions of one call. In rounds, a question ends the call, and the client sends it again with the answers;
/// once the call is detached as a task, the answers come to it while it runs.
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    state: Mutex<State>,
    /// A detached call has something to say.
    news: Notify,
}

#[derive(Debug, Default)]
struct State {
    answers: BTreeMap<String, Value>,
    kept: BTreeMap<String, Value>,
    asked: BTreeMap<String, Value>,
    task: Option<Detached>,
}

/// What only a detached call has.
#[derive(Debug, Default)]
struct Detached {
    news: News,
    wakers: Vec<Waker>,
    /// Keys of questions that were taken back: a key names one question of a task.
    withdrawn: BTreeSet<String>,
}

/// What a detached call says of itself: since it was last looked at.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// New questions.
    pub asked: BTreeMap<String, Value>,
    /// Questions that nobody waits for any more.
    pub withdrawn: BTreeSet<String>,
    /// How far the work is.
    pub message: Option<String>,
}

/// What must survive until the next round.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Carried {
    pub answers: BTreeMap<String, Value>,
    pub kept: BTreeMap<String, Value>,
}

impl Rounds {
    pub(crate) fn new(
        carried: Carried,
        responses: impl IntoIterator<Item = (String, Value)>,
    ) -> Self {
        let Carried { mut answers, kept } = carried;
        answers.extend(responses);
        Self {
            state: Mutex::new(State {
                answers,
                kept,
                ..State::default()
            }),
            news: Notify::new(),
        }
    }

    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the call waits for answers.
    pub(crate) fn is_asking(&self) -> bool {
        self.with(|s| !s.asked.is_empty())
    }

    /// Whether what the call waits for ends its round.
    pub(crate) fn ends_the_round(&self) -> bool {
        self.with(|s| s.task.is_none() && !s.asked.is_empty())
    }

    /// The questions of this round, and what to carry to the next.
    pub(crate) fn end(&self) -> (BTreeMap<String, Value>, Carried) {
        self.with(|s| {
            let asked = std::mem::take(&mut s.asked);
            // An answer that did not fit is asked for again, so it is not carried.
            let answers = s.answers.iter().filter(|(k, _)| !asked.contains_key(*k));
            let answers = answers.map(|(k, v)| (k.clone(), v.clone())).collect();
            (
                asked,
                Carried {
                    answers,
                    kept: s.kept.clone(),
                },
            )
        })
    }

    /// What was kept under this key by an earlier round.
    pub(super) fn kept(&self, key: &str) -> Option<Value> {
        self.with(|s| s.kept.get(key).cloned())
    }

    pub(super) fn keep(&self, key: &str, value: Value) {
        self.with(|s| s.kept.insert(key.to_owned(), value));
    }

    /// The answer that came to this key.
    pub(super) fn answered(&self, key: &str) -> Option<Value> {
        self.with(|s| s.answers.get(key).cloned())
    }

    pub(super) fn remember(&self, key: String, answer: Value) {
        self.with(|s| s.answers.insert(key, answer));
    }

    /// The answer to a question, or its failure to fit. In rounds, what does not fit is asked for again under the
    /// same key; in a task a key that was answered is used up.
    pub(super) fn poll_answer<T>(
        &self,
        key: &str,
        request: &Value,
        read: impl Fn(&Value) -> Result<T, String>,
        cx: &Poller<'_>,
    ) -> Poll<Result<T, String>> {
        self.with(|s| {
            match (s.answers.get(key).map(read), &s.task) {
                (Some(Ok(value)), _) => return Poll::Ready(Ok(value)),
                (Some(Err(problem)), Some(_)) => return Poll::Ready(Err(problem)),
                (Some(Err(_)), None) | (None, _) => {}
            }
            let is_new = !s.asked.contains_key(key);
            if is_new {
                s.asked.insert(key.to_owned(), request.clone());
            }
            // In rounds it stays pending without a waker: nothing but the next round brings the answer.
            if let Some(task) = &mut s.task {
                task.wakers.retain(|w| !w.will_wake(cx.waker()));
                task.wakers.push(cx.waker().clone());
                if is_new {
                    task.news.asked.insert(key.to_owned(), request.clone());
                    self.news.notify_one();
                }
            }
            Poll::Pending
        })
    }

    /// Nobody waits for the answer to this question any more.
    pub(super) fn withdraw(&self, key: &str) {
        self.with(|s| {
            if let Some(task) = &mut s.task
                && s.asked.remove(key).is_some()
            {
                task.withdrawn.insert(key.to_owned());
                if task.news.asked.remove(key).is_none() {
                    task.news.withdrawn.insert(key.to_owned());
                    self.news.notify_one();
                }
            }
        });
    }

    /// Whether this question of a task was taken back.
    pub(super) fn was_withdrawn(&self, key: &str) -> bool {
        self.with(|s| s.task.as_ref().is_some_and(|t| t.withdrawn.contains(key)))
    }

    /// From now on the call is a task: answers come while it runs.
    pub(super) fn detach(&self) {
        self.with(|s| {
            let news = News {
                asked: s.asked.clone(),
                ..News::default()
            };
            s.task = Some(Detached {
                news,
                ..Detached::default()
            });
        });
        self.news.notify_one();
    }

    pub(super) fn is_detached(&self) -> bool {
        self.with(|s| s.task.is_some())
    }

    /// Says how far the work of a detached call is.
    pub(super) fn report(&self, message: String) {
        self.with(|s| {
            if let Some(task) = &mut s.task {
                task.news.message = Some(message);
            }
        });
        self.news.notify_one();
    }

    /// Waits until a detached call has something to say.
    pub(crate) async fn has_news(&self) {
        self.news.notified().await;
    }

    /// What a detached call said since this was last called.
    pub(crate) fn take_news(&self) -> News {
        self.with(|s| {
            s.task
                .as_mut()
                .map(|task| std::mem::take(&mut task.news))
                .unwrap_or_default()
        })
    }

    /// The same news again: they could not be passed on. What came since is newer.
    pub(crate) fn put_back(&self, earlier: News) {
        self.with(|s| {
            let Some(task) = &mut s.task else {
                return;
            };
            let newer = std::mem::replace(&mut task.news, earlier);
            for key in newer.withdrawn {
                // What was withdrawn before anyone knew of it was never asked.
                if task.news.asked.remove(&key).is_none() {
                    task.news.withdrawn.insert(key);
                }
            }
            task.news.asked.extend(newer.asked);
            task.news.message = newer.message.or(task.news.message.take());
        });
    }

    /// Whether the news can wait: nothing but how far the work is.
    pub(crate) fn only_reports(&self) -> bool {
        self.with(|s| {
            let news = s.task.as_ref().map(|task| &task.news);
            news.is_none_or(|n| n.asked.is_empty() && n.withdrawn.is_empty())
        })
    }

    /// Hands answers to a detached call; what it did not ask is ignored.
    pub(crate) fn answer(&self, answers: impl IntoIterator<Item = (String, Value)>) {
        let wakers = self.with(|s| {
            for (key, answer) in answers {
                if s.asked.remove(&key).is_some() {
                    s.answers.insert(key, answer);
                }
            }
            s.task
                .as_mut()
                .map(|task| std::mem::take(&mut task.wakers))
                .unwrap_or_default()
        });
        wakers.into_iter().for_each(Waker::wake);
    }
}
