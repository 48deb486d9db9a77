//! `tools/call`.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::value::RawValue;

use super::outcome::{Failure, Reply, ToolReply};
use super::tasks::{Start, Tasks};
use super::{Dispatcher, guard};
use crate::descriptor::with_value;
use crate::extract::{Call, Context, Scratch};
use crate::protocol::{
    Annotations, EmbeddedResource, Params, ResourceContents, Role, RpcError, UI_MIME_TYPE,
};
use crate::registry::{Found, Tool, View, view_meta};
use crate::result::{Embed, Error, Lane, ToolResult};

impl Dispatcher {
    pub(super) async fn call_tool(
        self: &Arc<Self>,
        params: &Params<'_>,
        ctx: &Context,
    ) -> Result<Reply, Failure> {
        let name = Params::need(&params.name, "name")?;
        let Some(tool) = self.catalogue.tool(name) else {
            return Err(RpcError::invalid_params(format!("there is no tool `{name}` here")).into());
        };
        let descriptor = tool.descriptor;
        guard::scopes(descriptor.scopes, ctx)?;
        let arguments = raw_object(params.arguments);
        let limit = descriptor.timeout_ms.map(Duration::from_millis);
        match Tasks::start(descriptor, ctx)? {
            Start::Plain => {
                let limit = limit.unwrap_or(self.tool_timeout);
                self.run_tool(tool, arguments, ctx, Some(limit)).await
            }
            Start::Task => {
                // What may outlive the request owns all that it needs.
                let (this, ctx, arguments) = (self.clone(), ctx.clone(), arguments.to_owned());
                let shared = ctx.clone();
                let work = async move {
                    match this.catalogue.tool(descriptor.name) {
                        Some(tool) => this.run_tool(tool, &arguments, &ctx, None).await,
                        None => Err(RpcError::method_not_found("tools/call").into()),
                    }
                };
                self.tasks.begin(name, &shared, limit, work.boxed()).await
            }
        }
    }

    /// Calls the function.
    async fn run_tool(
        &self,
        tool: &Tool,
        arguments: &[u8],
        ctx: &Context,
        limit: Option<Duration>,
    ) -> Result<Reply, Failure> {
        let name = tool.descriptor.name;
        let scratch = Scratch::default();
        let call = Call {
            name,
            arguments,
            input: &tool.input,
            context: ctx,
            scratch: &scratch,
        };
        let descriptor = tool.descriptor;
        let result = match guard::run(name, ctx, limit, (descriptor.call)(call)).await {
            Ok(result) => result,
            Err(error) => refused(name, descriptor.scopes, error)?,
        };
        let result = as_published(tool, result)?;
        Ok(Reply::Tool(Box::new(self.reply(tool, result, ctx).await)))
    }

    async fn reply(&self, tool: &Tool, result: ToolResult, ctx: &Context) -> ToolReply {
        let stateless = ctx.protocol_version().is_stateless();
        let ToolResult {
            mut content,
            structured,
            is_error,
            meta,
            embed,
        } = result;
        if let (Some(view), Some(value)) = (tool.descriptor.ui, &structured)
            && wants_copy(embed, ctx)
            && let Some(Found::View(view, input)) = self.catalogue.resource(view.uri)
            // The tool has done its work: without the copy its result still stands.
            && let Ok(page) = self.page(view, input, ctx).await
        {
            content.push(filled_copy(view, &page, value).into());
        }
        ToolReply {
            content,
            // Before 2026-07-28 it must be an object; the text carries it anyway.
            structured_content: structured.filter(|_| stateless || tool.object_output),
            is_error,
            meta,
            result_type: stateless.then_some("complete"),
        }
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
