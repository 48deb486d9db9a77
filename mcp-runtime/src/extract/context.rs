//! The call itself, as a tool sees it: who asks, with what client, and the way back while it runs.

use std::any::{Any, TypeId};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::Serialize;
use serde_json::Value;

use super::User;
use super::ask::{Answered, Names};
use super::provide::Providers;
use super::rounds::Rounds;
use super::short::ShortText;
use super::waited::Waited;
use crate::protocol::{
    ClientCapabilities, Implementation, LogLevel, Notification, ProtocolVersion, code,
};
use crate::result::Error;

/// The way back to the client while a call runs. A transport implements it.
pub(crate) trait Outbound: Send + Sync {
    /// Sends a request of ours and waits for the client's answer. Only the wires before 2026-07-28 have them.
    fn request(&self, method: &'static str, params: Value) -> Answered;

    /// Sends a notification. A client that cannot take it loses it; it never blocks the call.
    fn notify(&self, notification: Notification<'_>);

    /// Ends the client's connection where the wire lets it come back for the rest.
    fn let_go(&self) {}
}

/// What is known of the client that sent a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Client {
    pub version: ProtocolVersion,
    /// An [`Implementation`] as the client wrote it.
    pub info: Option<ShortText>,
    pub capabilities: ClientCapabilities,
}

/// The running call: progress, log messages, cancellation, and what the client can do.
///
/// Take it as `&Context`. It is cheap to clone, and a clone may outlive the call; what it then sends goes nowhere.
#[derive(Clone)]
pub struct Context(Arc<Inner>);

struct Inner {
    user: Option<Arc<User>>,
    client: Client,
    client_info: OnceLock<Option<Implementation>>,
    providers: Arc<Providers>,
    // Taken away when the call goes on as a task: what it answered to is over.
    outbound: Mutex<Option<Arc<dyn Outbound>>>,
    progress_token: Option<Value>,
    log_level: Option<LogLevel>,
    cancelled: AtomicBool,
    // What was asked and kept; whether questions end the round is another matter.
    memory: Rounds,
    in_rounds: bool,
    questions: Names,
    waited: Waited,
    // Values of per-call providers: few, so a list.
    made: Mutex<Vec<(TypeId, Box<dyn Any + Send + Sync>)>>,
}

/// What a transport knows about a call before dispatch.
#[derive(Default)]
pub(crate) struct ContextParts {
    pub user: Option<Arc<User>>,
    pub client: Client,
    pub outbound: Option<Arc<dyn Outbound>>,
    pub progress_token: Option<Value>,
    pub log_level: Option<LogLevel>,
    /// Where questions end the round: the stateless wire.
    pub rounds: Option<Rounds>,
}

impl Context {
    pub(crate) fn new(parts: ContextParts, providers: Arc<Providers>) -> Self {
        let ContextParts {
            user,
            client,
            outbound,
            progress_token,
            log_level,
            rounds,
        } = parts;
        Self(Arc::new(Inner {
            user,
            client,
            client_info: OnceLock::new(),
            providers,
            outbound: Mutex::new(outbound),
            progress_token,
            log_level,
            cancelled: AtomicBool::new(false),
            in_rounds: rounds.is_some(),
            memory: rounds.unwrap_or_default(),
            questions: Names::default(),
            waited: Waited::default(),
            made: Mutex::default(),
        }))
    }

    /// The signed-in user, if there is one.
    pub fn user(&self) -> Option<&User> {
        self.0.user.as_deref()
    }

    pub(crate) fn shared_user(&self) -> Option<&Arc<User>> {
        self.0.user.as_ref()
    }

    pub(crate) fn providers(&self) -> &Providers {
        &self.0.providers
    }

    /// The protocol revision that this request speaks.
    pub fn protocol_version(&self) -> ProtocolVersion {
        self.0.client.version
    }

    /// What the client says it can do. In an HTTP session of the older wires that is kept for elicitation,
    /// sampling, roots and MCP Apps.
    pub fn client_capabilities(&self) -> &ClientCapabilities {
        &self.0.client.capabilities
    }

    /// What the client calls itself; unverified, for display only. Not known in an HTTP session of the older wires.
    pub fn client_info(&self) -> Option<&Implementation> {
        let read = || serde_json::from_str(self.0.client.info.as_ref()?).ok();
        self.0.client_info.get_or_init(read).as_ref()
    }

    /// Whether the client renders views (`io.modelcontextprotocol/ui`).
    pub fn client_supports_ui(&self) -> bool {
        self.client_capabilities().supports_ui()
    }

    /// Tells the client how far the work is, if it asked to know. `progress` must grow from call to call.
    ///
    /// The first message turns the answer into a stream. In a task it becomes the `statusMessage` that `tasks/get`
    /// shows, whether the client asked for progress or not.
    pub fn progress(&self, progress: f64, total: Option<f64>, message: Option<&str>) {
        if let Some(rounds) = self.rounds().filter(|r| r.is_detached()) {
            return rounds.report(in_words(progress, total, message));
        }
        if let (Some(outbound), Some(token)) = (self.outbound(), &self.0.progress_token) {
            outbound.notify(Notification::Progress {
                token,
                progress,
                total,
                message,
            });
        }
    }

    /// Sends a log message to the client, if it asked for messages of this level. A task has nowhere to send it.
    pub fn log(&self, level: LogLevel, data: impl Serialize) {
        let Some(outbound) = self.outbound() else {
            return;
        };
        if self.0.log_level.is_none_or(|least| level < least) {
            return;
        }
        match serde_json::to_value(data) {
            Ok(data) => outbound.notify(Notification::Log { level, data: &data }),
            Err(error) => tracing::warn!(%error, "a log message cannot be written as JSON"),
        }
    }

    /// Lets the client hang up and come back for the answer, so that long work holds no connection. It works on the
    /// wire of 2025-11-25 over HTTP, where a client polls (SSE `retry` and `Last-Event-ID`); elsewhere nothing
    /// happens. What the tool sends afterwards waits for the client; a client that stays away for half a minute has
    /// gone, and the call is dropped.
    pub fn let_client_poll(&self) {
        if let Some(outbound) = self.outbound() {
            outbound.let_go();
        }
    }

    /// Whether the client has left or cancelled. An async tool need not ask: its future is dropped.
    /// A plain `fn` on the blocking pool runs on and may look here.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Relaxed)
    }

    fn outbound(&self) -> Option<Arc<dyn Outbound>> {
        let outbound = self.0.outbound.lock();
        outbound.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The call goes on as a task: its answers come by `tasks/update`, and nothing of it goes to the request's stream.
    pub(crate) fn detach(&self) {
        let outbound = self.0.outbound.lock();
        outbound.unwrap_or_else(PoisonError::into_inner).take();
        if let Some(rounds) = self.rounds() {
            rounds.detach();
        }
    }

    /// Where questions end the round, or the call has become a task.
    pub(crate) fn rounds(&self) -> Option<&Rounds> {
        self.0.in_rounds.then_some(&self.0.memory)
    }

    /// What this call has been answered and has kept, on either wire.
    pub(super) fn memory(&self) -> &Rounds {
        &self.0.memory
    }

    /// How long the call has waited for its client, on the wires where it waits.
    pub(crate) fn waited(&self) -> &Waited {
        &self.0.waited
    }

    pub(super) fn questions(&self) -> &Names {
        &self.0.questions
    }

    /// A request of ours to the client, where the wire has them and the client reads a stream.
    pub(super) async fn request(
        &self,
        method: &'static str,
        params: Value,
    ) -> Result<Value, Error> {
        match self.outbound() {
            Some(outbound) => outbound.request(method, params).await,
            None => Err(Error::protocol(
                code::INVALID_REQUEST,
                "this call has a question to ask: send `Accept: application/json, text/event-stream`",
            )),
        }
    }

    pub(crate) fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }

    pub(super) fn recall<T: ?Sized + 'static>(&self, key: TypeId) -> Option<Arc<T>> {
        let made = self.0.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.iter()
            .find(|(k, _)| *k == key)
            .and_then(|(_, v)| v.downcast_ref::<Arc<T>>().cloned())
    }

    pub(super) fn remember(&self, key: TypeId, value: Box<dyn Any + Send + Sync>) {
        self.0
            .made
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((key, value));
    }
}

/// Progress as a sentence: `Reading page 3 (3 of 10)`.
fn in_words(progress: f64, total: Option<f64>, message: Option<&str>) -> String {
    let count = match total {
        Some(total) => format!("{progress} of {total}"),
        None => format!("{progress}"),
    };
    match message {
        Some(message) => format!("{message} ({count})"),
        None => count,
    }
}

impl Default for Context {
    /// A call without a client behind it, for unit tests: `tool(1, &Context::default())`.
    fn default() -> Self {
        Self::new(ContextParts::default(), Arc::default())
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("user", &self.0.user)
            .field("version", &self.0.client.version)
            .finish_non_exhaustive()
    }
}
