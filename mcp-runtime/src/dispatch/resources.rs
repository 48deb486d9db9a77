//! `resources/read`.

use std::borrow::Cow;

use serde_json::json;

use super::outcome::{Failure, Reply};
use super::{Asked, Dispatcher, guard};
use crate::descriptor::{Html, UiResourceDescriptor};
use crate::extract::{Call, Context, Scratch};
use crate::protocol::{Params, ResourceContents, RpcError, UI_MIME_TYPE, code};
use crate::registry::{Found, TTL_MS, View, view_meta};
use crate::schema::Input;

impl Dispatcher {
    pub(super) async fn read_resource(
        &self,
        asked: &Asked<'_>,
        ctx: &Context,
    ) -> Result<Reply, Failure> {
        let uri = Params::need(&asked.name, "uri")?;
        let stateless = ctx.protocol_version().is_stateless();
        let (contents, ttl_ms, scope) = match self.catalogue.resource(uri) {
            None => return Err(not_found(uri, stateless)),
            Some(Found::View(view, input)) => {
                let html = self.page(view, input, ctx).await?;
                let contents = if view.descriptor.blob {
                    ResourceContents::blob(uri, html.into_owned().into_bytes())
                } else {
                    ResourceContents::text(uri, html)
                };
                let contents = contents
                    .mime_type(UI_MIME_TYPE)
                    .meta(view_meta(view.descriptor));
                let (ttl_ms, scope) = cache_hints(view.descriptor);
                (vec![contents], ttl_ms, scope)
            }
            // Read once at start-up, the same for everyone.
            Some(Found::SkillFile(contents)) => (vec![contents], TTL_MS, "public"),
            Some(Found::Resource(resource, arguments)) => {
                let descriptor = resource.descriptor;
                guard::scopes(descriptor.scopes, ctx)?;
                let arguments = serde_json::Value::Object(arguments).to_string();
                let scratch = Scratch::default();
                let call = Call {
                    name: descriptor.name,
                    arguments: arguments.as_bytes(),
                    input: &resource.input,
                    context: ctx,
                    scratch: &scratch,
                };
                let read = guard::run(
                    descriptor.name,
                    ctx,
                    Some(self.tool_timeout),
                    (descriptor.call)(call),
                );
                let body = read
                    .await
                    .map_err(|error| guard::fail(descriptor.name, descriptor.scopes, error))?;
                // What a function returns may depend on who asks and when.
                (body.into_contents(uri, descriptor.mime_type), 0, "private")
            }
        };
        let mut result = json!({ "contents": contents });
        if stateless {
            result["resultType"] = "complete".into();
            result["ttlMs"] = ttl_ms.into();
            result["cacheScope"] = scope.into();
        }
        Ok(Reply::Value(result))
    }

    /// The page of a view as a host gets it, rendered if need be.
    pub(super) async fn page<'v>(
        &self,
        view: &'v View,
        input: &Input,
        ctx: &Context,
    ) -> Result<Cow<'v, str>, Failure> {
        let descriptor = view.descriptor;
        let Html::Render(render) = descriptor.html else {
            return Ok(Cow::Borrowed(view.page.as_deref().unwrap_or_default()));
        };
        let scratch = Scratch::default();
        let call = Call {
            name: descriptor.name,
            arguments: b"{}",
            input,
            context: ctx,
            scratch: &scratch,
        };
        let html = guard::run(descriptor.name, ctx, Some(self.tool_timeout), render(call))
            .await
            .map_err(|error| guard::fail(descriptor.name, &[], error))?;
        #[cfg(all(debug_assertions, feature = "check-views"))]
        check_rendered(descriptor, &html);
        Ok(Cow::Owned(descriptor.finish(html)))
    }
}

/// What was rendered may depend on who asks, if the function takes anything of the server's; how long it holds, its
/// author knows best.
fn cache_hints(view: &UiResourceDescriptor) -> (u64, &'static str) {
    match view.html {
        Html::Text(_) => (view.ttl_ms.unwrap_or(TTL_MS), "public"),
        Html::Render(_) if view.provided.is_empty() => (view.ttl_ms.unwrap_or(0), "public"),
        Html::Render(_) => (view.ttl_ms.unwrap_or(0), "private"),
    }
}

/// What the macro checks where it sees the HTML, while one still develops: said once for each read, never in release builds.
#[cfg(all(debug_assertions, feature = "check-views"))]
fn check_rendered(view: &UiResourceDescriptor, html: &str) {
    for finding in view.findings(html) {
        tracing::warn!(view = view.name, "{finding}");
    }
}

/// Never empty contents: a client could not tell that from an empty resource.
pub(super) fn not_found(uri: &str, stateless: bool) -> Failure {
    let code = if stateless {
        code::INVALID_PARAMS
    } else {
        code::RESOURCE_NOT_FOUND
    };
    RpcError::new(code, format!("there is no resource `{uri}` here"))
        .with_data(json!({ "uri": uri }))
        .into()
}
