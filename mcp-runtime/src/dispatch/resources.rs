//! `resources/read`.

use serde_json::json;

use super::outcome::{Failure, Reply};
use super::{Dispatcher, guard};
use crate::descriptor::{Html, UiResourceDescriptor};
use crate::extract::{Call, Context, Scratch};
use crate::protocol::{Params, ResourceContents, RpcError, UI_MIME_TYPE, code};
use crate::registry::{Found, TTL_MS, view_meta};
use crate::schema::Input;

impl Dispatcher {
    pub(super) async fn read_resource(
        &self,
        params: &Params<'_>,
        ctx: &Context,
    ) -> Result<Reply, Failure> {
        let uri = Params::need(&params.uri, "uri")?;
        let stateless = ctx.protocol_version().is_stateless();
        let (contents, ttl_ms, scope) = match self.catalogue.resource(uri) {
            None => return Err(not_found(uri, stateless)),
            Some(Found::View(view, input)) => {
                let html = self.render(view, input, ctx).await?;
                let contents = ResourceContents::text(uri, html)
                    .mime_type(UI_MIME_TYPE)
                    .meta(view_meta(view));
                match view.html {
                    Html::Text(_) => (vec![contents], TTL_MS, "public"),
                    Html::Render(_) => (vec![contents], 0, "private"),
                }
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

    async fn render(
        &self,
        view: &'static UiResourceDescriptor,
        input: &Input,
        ctx: &Context,
    ) -> Result<String, Failure> {
        match view.html {
            Html::Text(html) => Ok(html.to_owned()),
            Html::Render(render) => {
                let scratch = Scratch::default();
                let call = Call {
                    name: view.name,
                    arguments: b"{}",
                    input,
                    context: ctx,
                    scratch: &scratch,
                };
                guard::run(view.name, ctx, Some(self.tool_timeout), render(call))
                    .await
                    .map_err(|error| guard::fail(view.name, &[], error))
            }
        }
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
