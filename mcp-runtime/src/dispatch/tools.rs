//! `tools/call`.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::value::RawValue;

use super::outcome::{Failure, Reply, ToolReply};
use super::tasks::{Start, Tasks};
use super::{Asked, Dispatcher, guard};
use crate::descriptor::{UiResourceDescriptor, with_value};
use crate::extract::{Call, Context, Scratch};
use crate::protocol::{
    Annotations, EmbeddedResource, Params, ResourceContents, Role, RpcError, UI_MIME_TYPE,
};
use crate::registry::{Found, Tool, View, view_meta};
use crate::result::{Embed, Error, Lane, ToolResult};

impl Dispatcher {
    pub(super) async fn call_tool(
        self: &Arc<Self>,
        asked: &Asked<'_>,
        ctx: &Context,
    ) -> Result<Reply, Failure> {
        let name = Params::need(&asked.name, "name")?;
        let Some(tool) = self.catalogue.tool(name) else {
            return Err(RpcError::invalid_params(format!("there is no tool `{name}` here")).into());
        };
        let descriptor = tool.descriptor;
        guard::scopes(descriptor.scopes, ctx)?;
        let arguments = raw_object(asked.arguments);
        // Beside the `match`, as what it looks at would wait with the call.
        let start = Tasks::start(descriptor, ctx)?;
        match start {
            Start::Plain => self.run_tool(tool, arguments, ctx, true).await,
            Start::Task => {
                // What may outlive the request owns all that it needs.
                let (this, ctx, arguments) = (self.clone(), ctx.clone(), arguments.to_owned());
                let shared = ctx.clone();
                let work = async move {
                    match this.catalogue.tool(descriptor.name) {
                        Some(tool) => this.run_tool(tool, &arguments, &ctx, false).await,
                        None => Err(RpcError::method_not_found("tools/call").into()),
                    }
                };
                let limit = descriptor.timeout_ms.map(Duration::from_millis);
                Box::pin(self.tasks.begin(name, &shared, limit, work.boxed())).await
            }
        }
    }

    /// Calls the function; a task keeps its time itself.
    async fn run_tool(
        &self,
        tool: &Tool,
        arguments: &[u8],
        ctx: &Context,
        is_timed: bool,
    ) -> Result<Reply, Failure> {
        let scratch = Scratch::default();
        let descriptor = tool.descriptor;
        let call = (descriptor.call)(Call {
            name: descriptor.name,
            arguments,
            input: &tool.input,
            context: ctx,
            scratch: &scratch,
        });
        let own_limit = descriptor.timeout_ms.map(Duration::from_millis);
        let limit = is_timed.then(|| own_limit.unwrap_or(self.tool_timeout));
        let result = match guard::run(descriptor.name, ctx, limit, call).await {
            Ok(result) => result,
            Err(error) => refused(descriptor.name, descriptor.scopes, error)?,
        };
        let result = as_published(tool, result)?;
        let embed = result.embed;
        let mut reply = ToolReply::of(result, ctx);
        if let Some(view) = tool.descriptor.ui
            && reply.structured_content.is_some()
            && wants_copy(embed, ctx)
        {
            reply = Box::pin(self.with_copy(view, reply, ctx)).await;
        }
        if !reply.is_stateless() && !tool.object_output {
            // Before 2026-07-28 it must be an object; the text carries it anyway.
            reply.structured_content = None;
        }
        Ok(Reply::Tool(reply))
    }

    /// Adds the view with the result in it. The tool has done its work: without the copy its result still stands.
    async fn with_copy(
        &self,
        view: &UiResourceDescriptor,
        mut reply: ToolReply,
        ctx: &Context,
    ) -> ToolReply {
        if let Some(Found::View(view, input)) = self.catalogue.resource(view.uri)
            && let Some(value) = &reply.structured_content
            && let Ok(page) = self.page(view, input, ctx).await
        {
            let copy = filled_copy(view, &page, value);
            reply.content.push(copy.into());
        }
        reply
    }
}

/// In debug builds, and so in tests: whether the result keeps to its own schema. A client may refuse one that does not.
fn as_published(tool: &Tool, result: ToolResult) -> Result<ToolResult, Failure> {
    let (Some(output), false) = (&tool.output, result.is_error) else {
        return Ok(result);
    };
    if !cfg!(debug_assertions) {
        return Ok(result);
    }
    let Some(value) = &result.structured else {
        return Ok(result);
    };
    match output.check(value.get()) {
        Ok(()) => Ok(result),
        Err(problems) => {
            let name = tool.descriptor.name;
            refused(
                name,
                tool.descriptor.scopes,
                Error::internal(format!(
                    "the result does not fit its published schema: {problems}"
                )),
            )
        }
    }
}

/// The bytes of `arguments`, which may be absent.
pub(super) fn raw_object(arguments: Option<&RawValue>) -> &[u8] {
    match arguments.map(RawValue::get) {
        None | Some("null") => b"{}",
        Some(text) => text.as_bytes(),
    }
}

/// What the model should read is a result; the rest leaves by its own lane. A scope that the function asked for is
/// told with those that the tool declares, so that one more consent is enough.
fn refused(name: &str, declared: &[&str], error: Error) -> Result<ToolResult, Failure> {
    match error.into_lane() {
        Lane::Tool(text) => Ok(ToolResult::error(text)),
        Lane::Protocol(error) => Err(error.into()),
        Lane::Suspended => Err(Failure::Suspended),
        Lane::Unauthenticated => Err(Failure::Unauthenticated),
        Lane::Scopes(scopes) => Err(guard::lacking(declared, scopes)),
        Lane::Internal(error) => Ok(ToolResult::error(guard::log_internal(name, &*error))),
    }
}

fn wants_copy(embed: Embed, ctx: &Context) -> bool {
    match embed {
        Embed::Never => false,
        Embed::Fallback => !ctx.client_supports_ui(),
        Embed::Always => true,
    }
}

/// The view with its value inside, for a host that renders embedded HTML but speaks no MCP Apps.
fn filled_copy(view: &View, page: &str, value: &RawValue) -> EmbeddedResource {
    let contents = ResourceContents::text(view.uri.clone(), with_value(page, value.get()))
        .mime_type(UI_MIME_TYPE)
        .meta(view_meta(view.descriptor));
    EmbeddedResource::new(contents).annotate(Annotations::audience([Role::User]))
}
