//! `notifications/tasks`: what a subscription is told of tasks (SEP-2663, task status notifications).

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::task::{Context as Poller, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::value::RawValue;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::record::{RecordsError, Status, TaskKey, TaskRecord};
use super::{Tasks, unsupported, wire};
use crate::extract::User;
use crate::protocol::{ClientCapabilities, RpcError};

/// How often tasks that another process may run are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// The tasks that a subscription follows, each with its id.
pub(in crate::dispatch) struct Followed {
    tasks: Arc<Tasks>,
    caller: String,
    open: BTreeMap<TaskKey, Follow>,
    /// Which to look at next.
    due: VecDeque<TaskKey>,
    looking: Option<Looking>,
    /// Where others may run them.
    tick: Option<Interval>,
}

/// A look at one of them.
type Looking = BoxFuture<'static, (TaskKey, Result<Option<TaskRecord>, RecordsError>)>;

struct Follow {
    id: String,
    /// What the client was told last.
    told: Vec<u8>,
}

impl Tasks {
    /// Follows those of these tasks that are the caller's; each is told of at once, and whenever it changed.
    ///
    /// # Errors
    /// -32021 where the request does not declare the extension.
    pub(in crate::dispatch) async fn follow(
        self: &Arc<Self>,
        ids: Vec<String>,
        capabilities: &ClientCapabilities,
        user: Option<&User>,
    ) -> Result<Followed, RpcError> {
        if !capabilities.supports_tasks() {
            return Err(unsupported());
        }
        let mut open = BTreeMap::new();
        for id in ids {
            let key = TaskKey::of(&id);
            if self.find(&key, user).await.is_ok() {
                let told = Vec::new();
                open.insert(key, Follow { id, told });
            }
        }
        let tick = self.records.lease().map(|_| {
            let mut tick = interval_at(Instant::now() + LOOK, LOOK);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            tick
        });
        Ok(Followed {
            tasks: self.clone(),
            caller: User::caller(user),
            due: open.keys().cloned().collect(),
            open,
            looking: None,
            tick,
        })
    }
}

impl Followed {
    pub(in crate::dispatch) fn keys(&self) -> impl Iterator<Item = &TaskKey> {
        self.open.keys()
    }

    pub(in crate::dispatch) fn ids(&self) -> Vec<&str> {
        self.open
            .values()
            .map(|follow| follow.id.as_str())
            .collect()
    }

    /// This one is not what it was.
    pub(in crate::dispatch) fn touch(&mut self, key: TaskKey) {
        if self.open.contains_key(&key) && !self.due.contains(&key) {
            self.due.push_back(key);
        }
    }

    /// The next message for the client.
    pub(in crate::dispatch) fn poll(
        &mut self,
        cx: &mut Poller<'_>,
        subscription: &RawValue,
    ) -> Poll<Vec<u8>> {
        loop {
            if let Some(looking) = &mut self.looking {
                let Poll::Ready((key, found)) = looking.as_mut().poll(cx) else {
                    return Poll::Pending;
                };
                self.looking = None;
                if let Some(message) = self.news(&key, found, subscription) {
                    return Poll::Ready(message);
                }
            }
            if let Some(key) = self.due.pop_front() {
                self.looking = Some(self.look(key));
                continue;
            }
            let tick = self.tick.as_mut().filter(|_| !self.open.is_empty());
            if tick.is_none_or(|tick| tick.poll_tick(cx).is_pending()) {
                return Poll::Pending;
            }
            self.due.extend(self.open.keys().cloned());
        }
    }

    fn look(&self, key: TaskKey) -> Looking {
        let (tasks, caller) = (self.tasks.clone(), self.caller.clone());
        Box::pin(async move {
            let (now, keep) = (tasks.now(), tasks.options.keep_ms());
            let found = tasks.records.find(&key, &caller, now, keep).await;
            (key, found)
        })
    }

    /// What to say of a task, if the client does not know it. One that has ended is told of no more.
    fn news(
        &mut self,
        key: &TaskKey,
        found: Result<Option<TaskRecord>, RecordsError>,
        subscription: &RawValue,
    ) -> Option<Vec<u8>> {
        // Where the records cannot be reached, the client knows as much as before.
        let Some(record) = found.ok()? else {
            self.open.remove(key);
            return None;
        };
        let follow = self.open.get_mut(key)?;
        let poll_interval = self.tasks.options.poll_interval_ms();
        let message = wire::notification(&follow.id, &record, poll_interval, subscription);
        if follow.told == message {
            return None;
        }
        if record.status == Status::Working {
            follow.told.clone_from(&message);
        } else {
            self.open.remove(key);
        }
        Some(message)
    }
}

impl fmt::Debug for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Followed")
            .field("open", &self.open.len())
            .finish_non_exhaustive()
    }
}
