//! From a request to its outcome: no HTTP, no sessions, no tokens.
//!
//! A transport reads the envelope and knows the caller; what a method does is decided here, one file per family.

mod completion;
mod events;
mod guard;
mod handle;
mod lifecycle;
mod outcome;
mod prompts;
mod resources;
mod rounds;
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
pub use handle::ServerHandle;
pub(crate) use lifecycle::ServerInfo;
pub(crate) use outcome::{Failure, Reply};
use rounds::Seal;
pub use tasks::TaskOptions;
use tasks::{InMemory, Tasks};

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
        seal_key: &[u8; 32],
        tasks: TaskOptions,
    ) -> Self {
        let info = info.with_capabilities_of(&catalogue);
        let catalogue = Arc::new(catalogue);
        handle.serves(catalogue.clone());
        Self {
            catalogue,
            handle,
            providers,
            info,
            tool_timeout,
            seal: Seal::new(seal_key),
            tasks: Arc::new(Tasks::new(tasks, Arc::new(InMemory::default()))),
        }
    }

    pub(crate) fn info(&self) -> &ServerInfo {
        &self.info
    }

    /// Whether the revision has this method; a transport says so before it looks at anything else.
    pub(crate) fn knows(&self, method: &str, version: ProtocolVersion) -> bool {
        let both = matches!(
            method,
            "tools/list"
                | "tools/call"
                | "resources/list"
                | "resources/templates/list"
                | "resources/read"
                | "prompts/list"
                | "prompts/get"
                | "skills/list"
                | "skills/get"
                | "resources/directory/read"
                | "completion/complete"
        );
        let here = match method.split('/').next() {
            Some("tools") => !self.catalogue.tool_list.is_empty(),
            Some("prompts") => !self.catalogue.prompt_list.is_empty(),
            Some("resources") => self.info.has_resources(),
            Some("skills") => !self.catalogue.skills.is_empty(),
            Some("completion") => self.catalogue.completes(),
            _ => true,
        };
        let here =
            here && (method != "resources/directory/read" || !self.catalogue.skills.is_empty());
        here && (both
            || if version.is_stateless() {
                match method {
                    "tasks/get" | "tasks/update" | "tasks/cancel" => self.catalogue.has_tasks(),
                    _ => matches!(method, "server/discover" | "subscriptions/listen"),
                }
            } else {
                match method {
                    "resources/subscribe" | "resources/unsubscribe" => self.info.lists_change(),
                    _ => matches!(method, "ping" | "logging/setLevel"),
                }
            })
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
        if !self.knows(request.method, version) {
            return Err(RpcError::method_not_found(request.method).into());
        }
        let params = &request.params;
        let stateless = version.is_stateless();
        let user = parts.user.as_deref();
        let list = match request.method {
            "tools/list" => &self.catalogue.tool_list,
            "prompts/list" => &self.catalogue.prompt_list,
            "resources/list" => &self.catalogue.resource_list,
            "resources/templates/list" => &self.catalogue.template_list,
            method @ ("skills/list" | "resources/directory/read") => {
                self.skill_list(method, params)?
            }
            "skills/get" => return Ok(self.get_skill(params, stateless)?),
            "server/discover" => return Ok(Reply::Written(self.info.discover())),
            // `{}` exactly, on the wires that have them.
            "ping" => return Ok(DONE),
            "logging/setLevel" => {
                let Some(level) = params.level else {
                    return Err(RpcError::invalid_params("`params.level` is missing").into());
                };
                if let Some(session) = request.session {
                    session.set_log_level(level);
                }
                return Ok(DONE);
            }
            "resources/subscribe" | "resources/unsubscribe" => {
                if let Some(session) = request.session {
                    let on = request.method == "resources/subscribe";
                    self.follow(params, user, &session.listener(), on)?;
                }
                return Ok(DONE);
            }
            // A transport opens the stream; what has none is told so.
            "subscriptions/listen" => {
                return Err(RpcError::invalid_request(
                    "this is answered by a stream: send `Accept: application/json, text/event-stream`",
                )
                .into());
            }
            "tasks/get" | "tasks/update" | "tasks/cancel" => {
                let capabilities = &parts.client.capabilities;
                return self
                    .tasks
                    .answer(request.method, params, capabilities, user)
                    .await;
            }
            _ => {
                let user = parts.user.clone();
                if stateless {
                    parts.rounds = Some(rounds::begin(&mut request, user.as_deref(), &self.seal)?);
                }
                let ctx = Context::new(parts, self.providers.clone());
                return match (self.run(&request, &ctx).await, ctx.rounds()) {
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

    async fn run(self: &Arc<Self>, request: &Request<'_>, ctx: &Context) -> Result<Reply, Failure> {
        let params = &request.params;
        match request.method {
            "tools/call" => self.call_tool(params, ctx).await,
            "prompts/get" => self.get_prompt(params, ctx).await,
            "resources/read" => self.read_resource(params, ctx).await,
            "completion/complete" => self.complete(params, ctx).await,
            other => Err(RpcError::method_not_found(other).into()),
        }
    }
}
