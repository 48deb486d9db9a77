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

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::value::RawValue;

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
    pub method: Cow<'a, str>,
    pub params: Params<'a>,
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

/// A request of which all is done that needs no waiting.
pub(crate) enum Begun<'a> {
    Done(Result<Reply, Failure>),
    Task(BoxFuture<'a, Result<Reply, Failure>>),
    Run(Run<'a>),
}

/// A function of the user's that is to run. It is kept small, as it waits with the call: of the request it holds only
/// what the function is asked by.
pub(crate) struct Run<'a> {
    dispatcher: &'a Arc<Dispatcher>,
    what: What<'a>,
    asked: Asked<'a>,
    ctx: Context,
}

enum What<'a> {
    Tool,
    Rare(Rare<'a>),
}

enum Rare<'a> {
    Prompt,
    Resource,
    Completion(Box<Params<'a>>),
}

/// By what a function is asked. A state that a client carries belongs to all of it.
pub(super) struct Asked<'a> {
    method: Cow<'a, str>,
    /// The name of a tool or prompt, the URI of a resource.
    name: Option<Cow<'a, str>>,
    arguments: Option<&'a RawValue>,
}

impl From<Reply> for Begun<'_> {
    fn from(reply: Reply) -> Self {
        Self::Done(Ok(reply))
    }
}

impl Begun<'_> {
    /// Whether a function of the user's runs for it.
    pub(crate) fn runs(&self) -> bool {
        matches!(self, Self::Run(_))
    }

    /// Does the rest, once.
    ///
    /// # Errors
    /// What the transport turns into a JSON-RPC error or an HTTP status.
    pub(crate) async fn end(&mut self) -> Result<Reply, Failure> {
        match self {
            Self::Done(answer) => std::mem::replace(answer, Ok(DONE)),
            Self::Task(answer) => answer.await,
            Self::Run(run) => run.end().await,
        }
    }
}

impl Run<'_> {
    async fn end_rare(&self, what: &Rare<'_>) -> Result<Reply, Failure> {
        let (this, asked, ctx) = (self.dispatcher, &self.asked, &self.ctx);
        match what {
            Rare::Prompt => this.get_prompt(asked, ctx).await,
            Rare::Resource => this.read_resource(asked, ctx).await,
            Rare::Completion(params) => this.complete(params, ctx).await,
        }
    }

    async fn end(&self) -> Result<Reply, Failure> {
        let outcome = match &self.what {
            What::Tool => self.dispatcher.call_tool(&self.asked, &self.ctx).await,
            What::Rare(rare) => Box::pin(self.end_rare(rare)).await,
        };
        match (outcome, self.ctx.rounds()) {
            (Err(Failure::Suspended), Some(rounds)) => {
                let binding = rounds::binding(&self.asked, self.ctx.user());
                rounds::input_required(rounds, &binding, &self.dispatcher.seal)
            }
            (outcome, _) => outcome,
        }
    }
}

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

    /// Does all of a request that needs no waiting; [`Begun::end`] does the rest. What a call waits with is small for
    /// that: a future of all was 9 KB, and moving it a quarter of a call. `session` is that of the wires that have one.
    pub(crate) fn begin<'a>(
        self: &'a Arc<Self>,
        request: Request<'a>,
        session: Option<&dyn Session>,
        parts: ContextParts,
    ) -> Begun<'a> {
        let begun = self.try_begin(request, session, parts);
        begun.unwrap_or_else(|failure| Begun::Done(Err(failure)))
    }

    fn try_begin<'a>(
        self: &'a Arc<Self>,
        request: Request<'a>,
        session: Option<&dyn Session>,
        mut parts: ContextParts,
    ) -> Result<Begun<'a>, Failure> {
        let version = parts.client.version;
        let Request {
            method: asked,
            mut params,
        } = request;
        let Some(method) = Method::find(&asked, version, self.info.offer()) else {
            return Err(RpcError::method_not_found(&asked).into());
        };
        let stateless = version.is_stateless();
        let user = parts.user.as_deref();
        let list = match method {
            Method::ListTools => &self.catalogue.tool_list,
            Method::ListPrompts => &self.catalogue.prompt_list,
            Method::ListResources => &self.catalogue.resource_list,
            Method::ListTemplates => &self.catalogue.template_list,
            Method::ListSkills | Method::ReadDirectory => self.skill_list(&asked, &params)?,
            Method::GetSkill => return Ok(self.get_skill(&params, stateless)?.into()),
            Method::Discover => return Ok(Reply::Written(self.info.discover()).into()),
            Method::Ping => return Ok(DONE.into()),
            Method::SetLogLevel => return Ok(set_log_level(&params, session)?.into()),
            Method::Follow | Method::Unfollow => {
                if let Some(session) = session {
                    let on = method == Method::Follow;
                    self.follow(&params, user, &session.listener(), on)?;
                }
                return Ok(DONE.into());
            }
            // A transport opens the stream; what has none is told so.
            Method::Listen => {
                return Err(RpcError::invalid_request(
                    "this is answered by a stream: send `Accept: application/json, text/event-stream`",
                )
                .into());
            }
            Method::Task => {
                return Ok(Begun::Task(Box::pin(async move {
                    let capabilities = &parts.client.capabilities;
                    let user = parts.user.as_deref();
                    self.tasks.answer(&asked, &params, capabilities, user).await
                })));
            }
            Method::CallTool | Method::GetPrompt | Method::ReadResource | Method::Complete => {
                let responses = params.input_responses.take();
                let state = params.request_state.take();
                let asked = Asked {
                    method: asked,
                    // What the function is asked by is what the transport has checked, and nothing else.
                    name: match method {
                        Method::ReadResource => params.uri.take(),
                        Method::Complete => None,
                        _ => params.name.take(),
                    },
                    arguments: params.arguments,
                };
                if stateless {
                    parts.rounds = Some(rounds::begin(&asked, responses, state, user, &self.seal)?);
                }
                return Ok(Begun::Run(Run {
                    dispatcher: self,
                    what: match method {
                        Method::GetPrompt => What::Rare(Rare::Prompt),
                        Method::ReadResource => What::Rare(Rare::Resource),
                        Method::Complete => What::Rare(Rare::Completion(Box::new(params))),
                        _ => What::Tool,
                    },
                    asked,
                    ctx: Context::new(parts, self.providers.clone()),
                }));
            }
        };
        let cursor = params.cursor.as_deref();
        Ok(Reply::Written(list.answer(stateless, user, cursor)?).into())
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
