//! `completion/complete`.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::outcome::{Failure, Reply};
use super::{Dispatcher, guard};
use crate::extract::{Completing, Context};
use crate::protocol::{Params, RpcError};

/// Whose argument is completed.
#[derive(Deserialize)]
#[serde(tag = "type")]
enum Reference {
    #[serde(rename = "ref/prompt")]
    Prompt { name: String },
    #[serde(rename = "ref/resource")]
    Resource { uri: String },
}

#[derive(Deserialize)]
struct Typing {
    name: String,
    value: String,
}

#[derive(Default, Deserialize)]
struct Others {
    #[serde(default)]
    arguments: Map<String, Value>,
}

impl Dispatcher {
    pub(super) async fn complete(
        &self,
        params: &Params<'_>,
        ctx: &Context,
    ) -> Result<Reply, Failure> {
        let (owner, scopes, params_of, input) = match read::<Reference>(params.reference, "ref")? {
            Reference::Prompt { name } => match self.catalogue.prompt(&name) {
                Some(p) => (p.descriptor.name, &[][..], p.descriptor.params, &p.input),
                None => return Err(missing(format!("prompt `{name}`"))),
            },
            Reference::Resource { uri } => {
                match self.catalogue.template(&uri).filter(|r| r.is_on()) {
                    Some(r) => {
                        guard::scopes(r.descriptor.scopes, ctx)?;
                        let d = r.descriptor;
                        (d.name, d.scopes, d.params, &r.input)
                    }
                    None => return Err(missing(format!("resource template `{uri}`"))),
                }
            }
        };
        let typing: Typing = read(params.argument, "argument")?;
        let others: Others = match params.context {
            None => Others::default(),
            some => read(some, "context")?,
        };
        let Some(param) = params_of.iter().find(|p| p.name == typing.name) else {
            return Err(missing(format!("argument `{}` of `{owner}`", typing.name)));
        };
        let completing = Completing::new(&typing.value, &others.arguments, ctx);
        let completions = match param.complete {
            Some(complete) => guard::run(owner, ctx, Some(self.tool_timeout), complete(completing))
                .await
                .map_err(|error| guard::fail(owner, scopes, error))?,
            // What the schema lists needs no function.
            None => completing.filter(input.suggestions(param.name)).into(),
        };
        let mut result = json!({ "completion": completions.into_wire() });
        if ctx.protocol_version().is_stateless() {
            result["resultType"] = "complete".into();
        }
        Ok(Reply::Value(result))
    }
}

fn read<T: DeserializeOwned>(raw: Option<&RawValue>, key: &str) -> Result<T, RpcError> {
    let raw = raw.ok_or_else(|| RpcError::invalid_params(format!("`params.{key}` is missing")))?;
    serde_json::from_str(raw.get())
        .map_err(|e| RpcError::invalid_params(format!("bad `params.{key}`: {e}")))
}

fn missing(what: String) -> Failure {
    RpcError::invalid_params(format!("there is no {what} here")).into()
}
