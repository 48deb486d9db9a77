//! `prompts/get`.

use serde_json::json;

use super::outcome::{Failure, Reply};
use super::tools::raw_object;
use super::{Asked, Dispatcher, guard};
use crate::extract::{Call, Context, Scratch};
use crate::protocol::{Params, RpcError};

impl Dispatcher {
    pub(super) async fn get_prompt(
        &self,
        asked: &Asked<'_>,
        ctx: &Context,
    ) -> Result<Reply, Failure> {
        let name = Params::need(&asked.name, "name")?;
        let Some(prompt) = self.catalogue.prompt(name) else {
            return Err(
                RpcError::invalid_params(format!("there is no prompt `{name}` here")).into(),
            );
        };
        let scratch = Scratch::default();
        let call = Call {
            name,
            arguments: raw_object(asked.arguments),
            input: &prompt.input,
            context: ctx,
            scratch: &scratch,
        };
        let rendered = guard::run(
            name,
            ctx,
            Some(self.tool_timeout),
            (prompt.descriptor.call)(call),
        )
        .await;
        let rendered = rendered.map_err(|error| guard::fail(name, &[], error))?;
        let mut result =
            json!({ "description": prompt.descriptor.description, "messages": rendered.messages });
        if ctx.protocol_version().is_stateless() {
            result["resultType"] = "complete".into();
        }
        Ok(Reply::Value(result))
    }
}
