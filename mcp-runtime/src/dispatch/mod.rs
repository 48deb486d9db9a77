//! From a request to its outcome: no HTTP, no sessions, no tokens.
//!
//! A transport reads the envelope and knows the caller; what a method does is decided here, one file per family.

mod completion;
mod events;
mod guard;
mod handle;
mod lifecycle;
mod method;
mod outcome;
mod prompts;
mod resources;
mod rounds;
mod shared;
mod skills;
mod subscriptions;
mod tasks;
mod tools;

use std::sync::Arc;
use std::time::Duration;

use crate::extract::{Context, ContextParts, Providers};
use crate::protocol::{LogLevel, Params, ProtocolVersion, RpcError};
use crate::registry::Catalogue;

pub(crate) use events::Listener;
#[cfg(test)]
pub(crate) use events::{Bus, Interest};
pub use handle::ServerHandle;
pub(crate) use lifecycle::ServerInfo;
use method::Method;
pub(crate) use outcome::{Failure, Reply};
use rounds::Seal;
#[cfg(feature = "auth")]
pub(crate) use shared::Now;
pub(crate) use shared::Shared;
#[cfg(all(test, feature = "auth"))]
pub(crate) use tasks::InMemory;
pub use tasks::TaskOptions;
use tasks::Tasks;
#[cfg(feature = "auth")]
pub(crate) use tasks::{
    Bounds, Created, End, NewTask, RecordsError, Signals, Status, TaskKey, TaskRecord, TaskRecords,
    Verb,
};

/// A request, stripped of its envelope.
pub(crate) struct Request<'a> {
    pub method: &'a str,
    pub params: Params<'a>,
    /// On the wires that have one.
    pub session: Option<&'a dyn Session>,
}

/// What a wire before 2026-07-28 remembers of a client from one request to the next; a transport keeps it.
pub(crate) trait Session: Sync {
    /// Which log messages the client wants from now on.
    fn set_log_level(&self, level: LogLevel);

    /// What the client is told of outside its requests; opened at first need.
    fn listener(&self) -> Arc<Listener>;
}

/// `{}` exactly, as the older wires have it.
const DONE: Reply = Reply::Written(bytes::Bytes::from_static(b"{}"));

/// Answers requests.
#[derive(Debug)]
pub(crate) struct Dispatcher {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) handle: ServerHandle,
    pub(crate) providers: Arc<Providers>,
    info: ServerInfo,
    tool_timeout: Duration,
    seal: Seal,
    tasks: Arc<Tasks>,
}

impl Dispatcher {
    pub(crate) fn new(
        catalogue: Catalogue,
        handle: ServerHandle,
        providers: Arc<Providers>,
        info: ServerInfo,
        tool_timeout: Duration,
        tasks: TaskOptions,
    ) -> Self {
        let shared = Shared::default();
        let info = info.with_capabilities_of(&catalogue);
        let catalogue = Arc::new(catalogue);
        handle.serves(catalogue.clone());
        let bus = handle.bus().clone();
        Self {
            catalogue,
            handle,
            providers,
            info,
            tool_timeout,
            seal: Seal::new(&shared),
            tasks: Arc::new(Tasks::new(tasks, bus, &shared)),
        }
    }

    /// Takes its place among the processes on one store, before it serves.
    pub(crate) fn join(&mut self, shared: &Shared) {
        self.seal = Seal::new(shared);
        self.tasks = Arc::new(self.tasks.joined(shared));
    }

    pub(crate) fn info(&self) -> &ServerInfo {
        &self.info
    }

    /// Whether the revision has this method; a transport says so before it looks at anything else.
    pub(crate) fn knows(&self, method: &str, version: ProtocolVersion) -> bool {
        Method::find(method, version, self.info.offer()).is_some()
    }

    /// Stops what runs apart from any request.
    pub(crate) async fn stop(&self) {
        self.tasks.stop().await;
    }

    /// Ends every subscription in order: the server stops.
    pub(crate) fn close(&self) {
        self.handle.bus().close();
    }

    /// Answers one request.
    ///
    /// # Errors
    /// What the transport turns into a JSON-RPC error or an HTTP status.
    pub(crate) async fn dispatch(
        self: &Arc<Self>,
        mut request: Request<'_>,
        mut parts: ContextParts,
    ) -> Result<Reply, Failure> {
        let version = parts.client.version;
        let Some(method) = Method::find(request.method, version, self.info.offer()) else {
            return Err(RpcError::method_not_found(request.method).into());
        };
        let params = &request.params;
        let stateless = version.is_stateless();
        let user = parts.user.as_deref();
        let list = match method {
            Method::ListTools => &self.catalogue.tool_list,
            Method::ListPrompts => &self.catalogue.prompt_list,
            Method::ListResources => &self.catalogue.resource_list,
            Method::ListTemplates => &self.catalogue.template_list,
            Method::ListSkills | Method::ReadDirectory => {
                self.skill_list(request.method, params)?
            }
            Method::GetSkill => return Ok(self.get_skill(params, stateless)?),
            Method::Discover => return Ok(Reply::Written(self.info.discover())),
            Method::Ping => return Ok(DONE),
            Method::SetLogLevel => return set_log_level(params, request.session),
            Method::Follow | Method::Unfollow => {
                if let Some(session) = request.session {
                    let on = method == Method::Follow;
                    self.follow(params, user, &session.listener(), on)?;
                }
                return Ok(DONE);
            }
            // A transport opens the stream; what has none is told so.
            Method::Listen => {
                return Err(RpcError::invalid_request(
                    "this is answered by a stream: send `Accept: application/json, text/event-stream`",
                )
                .into());
            }
            Method::Task => {
                let capabilities = &parts.client.capabilities;
                return self
                    .tasks
                    .answer(request.method, params, capabilities, user)
                    .await;
            }
            Method::CallTool | Method::GetPrompt | Method::ReadResource | Method::Complete => {
                let user = parts.user.clone();
                if stateless {
                    parts.rounds = Some(rounds::begin(&mut request, user.as_deref(), &self.seal)?);
                }
                let ctx = Context::new(parts, self.providers.clone());
                return match (self.run(method, &request.params, &ctx).await, ctx.rounds()) {
                    (Err(Failure::Suspended), Some(rounds)) => {
                        let binding = rounds::binding(&request, user.as_deref());
                        rounds::input_required(rounds, &binding, &self.seal)
                    }
                    (outcome, _) => outcome,
                };
            }
        };
        let cursor = params.cursor.as_deref();
        Ok(Reply::Written(list.answer(stateless, user, cursor)?))
    }

    /// Runs a function of the user's.
    async fn run(
        self: &Arc<Self>,
        method: Method,
        params: &Params<'_>,
        ctx: &Context,
    ) -> Result<Reply, Failure> {
        match method {
            Method::GetPrompt => self.get_prompt(params, ctx).await,
            Method::ReadResource => self.read_resource(params, ctx).await,
            Method::Complete => self.complete(params, ctx).await,
            _ => self.call_tool(params, ctx).await,
        }
    }
}

fn set_log_level(params: &Params<'_>, session: Option<&dyn Session>) -> Result<Reply, Failure> {
    let Some(level) = params.level else {
        return Err(RpcError::invalid_params("`params.level` is missing").into());
    };
    if let Some(session) = session {
        session.set_log_level(level);
    }
    Ok(DONE)
}
