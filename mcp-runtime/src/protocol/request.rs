//! The parameters of requests, each read in one pass; arguments stay bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{ClientCapabilities, Implementation, LogLevel, RpcError};

/// `_meta` of a request. The first four say on the stateless wire what `initialize` said before.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct RequestMeta<'a> {
    #[serde(rename = "io.modelcontextprotocol/protocolVersion", borrow, default)]
    pub protocol_version: Option<Cow<'a, str>>,
    #[serde(rename = "io.modelcontextprotocol/clientInfo", default)]
    pub client_info: Option<Implementation>,
    #[serde(rename = "io.modelcontextprotocol/clientCapabilities", default)]
    pub client_capabilities: Option<ClientCapabilities>,
    #[serde(rename = "io.modelcontextprotocol/logLevel", default)]
    pub log_level: Option<LogLevel>,
    #[serde(rename = "progressToken", default)]
    pub progress_token: Option<Value>,
}

/// What transports and dispatch read of any request; each method takes what it needs.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Params<'a> {
    #[serde(rename = "_meta", borrow, default)]
    pub meta: Option<RequestMeta<'a>>,
    /// `tools/call`, `prompts/get`.
    #[serde(borrow, default)]
    pub name: Option<Cow<'a, str>>,
    /// `resources/read` and its kin.
    #[serde(borrow, default)]
    pub uri: Option<Cow<'a, str>>,
    /// `tasks/get`, `tasks/update`, `tasks/cancel`.
    #[serde(rename = "taskId", borrow, default)]
    pub task_id: Option<Cow<'a, str>>,
    /// `tools/call`, `prompts/get`.
    #[serde(borrow, default)]
    pub arguments: Option<&'a RawValue>,
    /// Answers to what the round before asked, or a task (2026-07-28).
    #[serde(rename = "inputResponses", default)]
    pub input_responses: Option<BTreeMap<String, Value>>,
    /// What the round before gave the client to carry (2026-07-28).
    #[serde(rename = "requestState", borrow, default)]
    pub request_state: Option<Cow<'a, str>>,
    /// Lists.
    #[serde(borrow, default)]
    pub cursor: Option<Cow<'a, str>>,
    /// `logging/setLevel`.
    #[serde(default)]
    pub level: Option<LogLevel>,
    /// `initialize`.
    #[serde(rename = "protocolVersion", borrow, default)]
    pub protocol_version: Option<Cow<'a, str>>,
    /// `initialize`.
    #[serde(default)]
    pub capabilities: Option<ClientCapabilities>,
    /// `initialize`.
    #[serde(rename = "clientInfo", default)]
    pub client_info: Option<Implementation>,
    /// `notifications/cancelled`.
    #[serde(rename = "requestId", borrow, default)]
    pub request_id: Option<&'a RawValue>,
    /// `subscriptions/listen`: what to tell of.
    #[serde(borrow, default)]
    pub notifications: Option<&'a RawValue>,
    /// `completion/complete`: whose argument is completed, …
    #[serde(rename = "ref", borrow, default)]
    pub reference: Option<&'a RawValue>,
    /// … which one, with what was typed so far, …
    #[serde(borrow, default)]
    pub argument: Option<&'a RawValue>,
    /// … and what the others are.
    #[serde(borrow, default)]
    pub context: Option<&'a RawValue>,
}

impl<'a> Params<'a> {
    /// Reads the parameters of a request.
    ///
    /// # Errors
    /// -32602 where one of them has the wrong type.
    pub(crate) fn parse(raw: Option<&'a RawValue>) -> Result<Self, RpcError> {
        match raw {
            None => Ok(Self::default()),
            Some(raw) => serde_json::from_str(raw.get())
                .map_err(|e| RpcError::invalid_params(format!("bad `params`: {e}"))),
        }
    }

    /// A parameter that must be there.
    pub(crate) fn need<'v>(
        value: &'v Option<Cow<'a, str>>,
        key: &str,
    ) -> Result<&'v str, RpcError> {
        value
            .as_deref()
            .ok_or_else(|| RpcError::invalid_params(format!("`params.{key}` is missing")))
    }
}
