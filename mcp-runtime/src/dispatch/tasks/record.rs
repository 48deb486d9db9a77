//! What is kept of a task, and the verbs that keep it: in memory, or in a store that several processes share.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::BoxFuture;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::dispatch::shared::Millis;
use crate::extract::News;
use crate::protocol::{RpcError, code};

pub(super) fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

/// What a verb answers with.
pub(crate) type Verb<'a, T> = BoxFuture<'a, Result<T, RecordsError>>;

/// The records cannot be reached, or hold what nobody wrote. It says nothing about the task.
#[derive(Debug)]
pub(crate) struct RecordsError(pub String);

impl fmt::Display for RecordsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Under which a task is kept: the digest of its id, since where nobody signs in the id alone opens the task.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TaskKey(String);

impl TaskKey {
    pub(crate) fn of(id: &str) -> Self {
        Self(URL_SAFE_NO_PAD.encode(Sha256::digest(id)))
    }

    /// The digest, base64url.
    #[cfg_attr(not(feature = "auth"), allow(dead_code))]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for TaskKey {
    /// A digest that a store kept.
    fn from(digest: String) -> Self {
        Self(digest)
    }
}

/// A task that begins.
#[derive(Debug, Clone)]
pub(crate) struct NewTask {
    pub key: TaskKey,
    /// Who may ask for it: the user and the client, as one string.
    pub caller: String,
    /// The process that runs it.
    #[cfg_attr(not(feature = "auth"), allow(dead_code))]
    pub runner: String,
    pub created_at: Millis,
    pub ttl_ms: Millis,
}

/// How many tasks there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// That run, of one user.
    pub running: usize,
    /// That have ended, of one user; beyond it the oldest ones go.
    pub ended: usize,
    /// Altogether.
    pub total: usize,
}

/// Whether a task was noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Created {
    Done,
    /// Too many of this user's run.
    TooManyRunning,
    /// There are too many altogether.
    Full,
}

/// How a task stands, apart from what it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Working,
    Completed,
    Failed,
    Cancelled,
}

/// A task as `tasks/get` finds it.
#[derive(Debug, Clone)]
pub(crate) struct TaskRecord {
    pub status: Status,
    pub message: Option<String>,
    pub created_at: Millis,
    pub updated_at: Millis,
    /// From its creation.
    pub ttl_ms: Millis,
    /// Questions without an answer.
    pub asked: BTreeMap<String, Value>,
    /// The result or the error, as JSON.
    pub outcome: Option<String>,
}

/// How a task ends.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub status: Status,
    pub message: Option<String>,
    pub outcome: Option<String>,
}

impl End {
    pub(super) fn completed(result: String) -> Self {
        Self {
            status: Status::Completed,
            message: None,
            outcome: Some(result),
        }
    }

    pub(super) fn failed(error: &RpcError) -> Self {
        Self {
            status: Status::Failed,
            message: Some(error.message.clone().into_owned()),
            outcome: serde_json::to_string(error).ok(),
        }
    }

    pub(super) fn cancelled() -> Self {
        Self {
            status: Status::Cancelled,
            message: Some("The client cancelled the task.".into()),
            outcome: None,
        }
    }

    /// The process that ran it is gone.
    pub(crate) fn lost() -> Self {
        Self::failed(&RpcError::new(
            code::INTERNAL_ERROR,
            "the server stopped while this task ran: call the tool again",
        ))
    }
}

/// What other processes did to the tasks of one.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    /// Answers that came there, each told once.
    pub answers: Vec<(TaskKey, BTreeMap<String, Value>)>,
    /// Tasks that were ended there, each told once.
    pub ended: Vec<TaskKey>,
}

/// The records of tasks. Every verb is atomic: of several processes or requests, one wins.
pub(crate) trait TaskRecords: fmt::Debug + Send + Sync {
    /// Notes a task that works, within the bounds; once it answers, every process finds it.
    fn create<'a>(&'a self, task: &'a NewTask, bounds: Bounds) -> Verb<'a, Created>;

    /// A task of this caller that has not outlived its time. One whose runner is gone has failed, and is kept for as
    /// long as `keep` at least from now on.
    fn find<'a>(
        &'a self,
        key: &'a TaskKey,
        caller: &'a str,
        now: Millis,
        keep: Millis,
    ) -> Verb<'a, Option<TaskRecord>>;

    /// Adds what a task that works says of itself.
    fn tell<'a>(&'a self, key: &'a TaskKey, news: &'a News, now: Millis) -> Verb<'a, ()>;

    /// Takes answers to questions that stand open, and returns those; the rest is ignored.
    fn answer<'a>(
        &'a self,
        key: &'a TaskKey,
        answers: BTreeMap<String, Value>,
        now: Millis,
    ) -> Verb<'a, BTreeMap<String, Value>>;

    /// Ends a task that works, and keeps it readable for as long as `keep` at least; `false` if it had ended.
    fn end<'a>(
        &'a self,
        key: &'a TaskKey,
        end: &'a End,
        now: Millis,
        keep: Millis,
    ) -> Verb<'a, bool>;

    /// For how long a runner is believed to live without a word; `None` where no other process can see the records.
    fn lease(&self) -> Option<Duration> {
        None
    }

    /// A runner still lives.
    fn renew<'a>(&'a self, _runner: &'a str, _now: Millis) -> Verb<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    /// What others did to a runner's tasks.
    fn signals<'a>(&'a self, _runner: &'a str) -> Verb<'a, Signals> {
        Box::pin(async { Ok(Signals::default()) })
    }

    /// A runner stops: what it still runs has failed.
    fn abandon<'a>(&'a self, _runner: &'a str, _now: Millis, _keep: Millis) -> Verb<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}
