//! The extension `io.modelcontextprotocol/tasks` (SEP-2663): a call that outlives its request.
//!
//! A tool that may run as a task is polled once on the spot. If it is done by then, it was an ordinary call; if it
//! waits for nothing but its user, the round ends as in any call. Else the same future goes on as a task: noted
//! first, then answered with its id.

mod follow;
mod lease;
mod memory;
mod methods;
mod options;
mod record;
mod run;
mod slots;
mod wire;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::{AbortHandle, BoxFuture};

use super::events::{Bus, Event};
use super::shared::{Millis, Now, Shared};
use super::{Failure, Reply};
use crate::descriptor::{TaskSupport, ToolDescriptor};
use crate::extract::{Context, User};
use crate::protocol::{RpcError, TASKS_EXTENSION};
use lease::Beating;
use slots::Slots;

pub(super) use follow::Followed;
pub(crate) use memory::InMemory;
pub use options::TaskOptions;
pub(crate) use record::TaskKey;
pub(crate) use record::TaskRecords;
#[cfg(feature = "auth")]
pub(crate) use record::{
    Bounds, Created, End, NewTask, RecordsError, Signals, Status, TaskRecord, Verb,
};

/// What goes on when a request has been answered with a task.
type Work = BoxFuture<'static, Result<Reply, Failure>>;

/// The tasks of one server.
#[derive(Debug)]
pub(crate) struct Tasks {
    records: Arc<dyn TaskRecords>,
    now: Now,
    bus: Arc<Bus>,
    options: TaskOptions,
    slots: Arc<Slots>,
    running: Mutex<HashMap<TaskKey, Runner>>,
    beating: Beating,
    /// The name of this process among those that share the records.
    runner: String,
}

/// A task that runs in this process.
#[derive(Debug)]
struct Runner {
    ctx: Context,
    stop: AbortHandle,
}

/// How a call of a tool begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// To its end, within the request.
    Plain,
    /// As a task, if it is not done at once.
    Task,
}

impl Tasks {
    pub(super) fn new(options: TaskOptions, bus: Arc<Bus>, shared: &Shared) -> Self {
        Self {
            slots: Arc::new(Slots::new(options.slots())),
            records: shared.records.clone(),
            now: shared.now.clone(),
            bus,
            options,
            running: Mutex::default(),
            beating: Beating::default(),
            runner: random(16),
        }
    }

    /// The same, among the processes on one store.
    pub(super) fn joined(&self, shared: &Shared) -> Self {
        Self::new(self.options.clone(), self.bus.clone(), shared)
    }

    /// Whether a call runs as a task: where its tool may and its client can.
    ///
    /// # Errors
    /// -32021 where the tool must and the client cannot.
    pub(super) fn start(tool: &ToolDescriptor, ctx: &Context) -> Result<Start, RpcError> {
        // The extension does not exist before 2026-07-28, whatever a client says there (SEP-2663, compatibility).
        let can =
            ctx.protocol_version().is_stateless() && ctx.client_capabilities().supports_tasks();
        match tool.task {
            TaskSupport::Forbidden => Ok(Start::Plain),
            TaskSupport::Optional | TaskSupport::Required if can => Ok(Start::Task),
            TaskSupport::Optional => Ok(Start::Plain),
            TaskSupport::Required => Err(unsupported()),
        }
    }

    /// Runs a call until it is done, until it waits for its user, or else as a task. `limit` is how long it may work.
    pub(super) async fn begin(
        self: &Arc<Self>,
        name: &str,
        ctx: &Context,
        limit: Option<Duration>,
        mut work: Work,
    ) -> Result<Reply, Failure> {
        let caller = User::caller(ctx.user());
        // Refused before anything of it has run.
        let slot = match self.slots.take(User::of_caller(&caller)) {
            Ok(slot) => slot,
            Err(why) => return Ok(Reply::refusal(why)),
        };
        match futures_util::poll!(&mut work) {
            std::task::Poll::Ready(done) => done,
            std::task::Poll::Pending => {
                self.detach(run::Detached {
                    name: name.to_owned(),
                    caller,
                    ctx: ctx.clone(),
                    limit,
                    work,
                    _slot: slot,
                })
                .await
            }
        }
    }

    /// Stops what runs here: the server ends.
    pub(crate) async fn stop(&self) {
        for (_, runner) in self.running().drain() {
            runner.stop.abort();
        }
        let abandoned = self
            .records
            .abandon(&self.runner, self.now(), self.options.keep_ms());
        if let Err(error) = abandoned.await {
            tracing::error!(%error, "the tasks that ran cannot be marked as failed; they will be once they are missed");
        }
    }

    fn now(&self) -> Millis {
        self.now.get()
    }

    /// Tells those who follow a task that it is not what it was.
    fn publish(&self, key: &TaskKey) {
        self.bus.publish(&Event::Task(key.clone()));
    }

    fn running(&self) -> MutexGuard<'_, HashMap<TaskKey, Runner>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// -32021: the client must declare the extension with the request.
pub(super) fn unsupported() -> RpcError {
    RpcError::missing_capability(serde_json::json!({ "extensions": { TASKS_EXTENSION: {} } }))
}

/// So many random bytes, base64url.
fn random(bytes: usize) -> String {
    let bytes: Vec<u8> = (0..bytes).map(|_| rand::random()).collect();
    URL_SAFE_NO_PAD.encode(bytes)
}
