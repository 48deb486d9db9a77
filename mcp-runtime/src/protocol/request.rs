//! The parameters of requests, each read in one pass; arguments stay bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::borrowed::text;
use super::{ClientCapabilities, LogLevel, RpcError};

/// `_meta` of a request. The first four say on the stateless wire what `initialize` said before.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct RequestMeta<'a> {
    #[serde(
        rename = "io.modelcontextprotocol/protocolVersion",
        borrow,
        default,
        deserialize_with = "text"
    )]
    pub protocol_version: Option<Cow<'a, str>>,
    /// As it came: few tools ask for it.
    #[serde(rename = "io.modelcontextprotocol/clientInfo", borrow, default)]
    pub client_info: Option<&'a RawValue>,
    #[serde(rename = "io.modelcontextprotocol/clientCapabilities", default)]
    pub client_capabilities: Option<ClientCapabilities>,
    #[serde(rename = "io.modelcontextprotocol/logLevel", default)]
    pub log_level: Option<LogLevel>,
    #[serde(rename = "progressToken", default)]
    pub progress_token: Option<Value>,
}

/// What transports and dispatch read of any request; each method takes what it needs.
#[derive(Debug, Default, Deserialize)]
#[serde(remote = "Self")]
pub(crate) struct Params<'a> {
    #[serde(rename = "_meta", borrow, default)]
    pub meta: Option<RequestMeta<'a>>,
    /// `tools/call`, `prompts/get`.
    #[serde(borrow, default, deserialize_with = "text")]
    pub name: Option<Cow<'a, str>>,
    /// `resources/read` and its kin.
    #[serde(borrow, default, deserialize_with = "text")]
    pub uri: Option<Cow<'a, str>>,
    /// `tasks/get`, `tasks/update`, `tasks/cancel`.
    #[serde(rename = "taskId", borrow, default, deserialize_with = "text")]
    pub task_id: Option<Cow<'a, str>>,
    /// `tools/call`, `prompts/get`.
    #[serde(borrow, default)]
    pub arguments: Option<&'a RawValue>,
    /// Answers to what the round before asked, or a task (2026-07-28).
    #[serde(rename = "inputResponses", default)]
    pub input_responses: Option<BTreeMap<String, Value>>,
    /// What the round before gave the client to carry (2026-07-28).
    #[serde(rename = "requestState", borrow, default, deserialize_with = "text")]
    pub request_state: Option<Cow<'a, str>>,
    /// Lists.
    #[serde(borrow, default, deserialize_with = "text")]
    pub cursor: Option<Cow<'a, str>>,
    /// `logging/setLevel`.
    #[serde(default)]
    pub level: Option<LogLevel>,
    /// `initialize`.
    #[serde(rename = "protocolVersion", borrow, default, deserialize_with = "text")]
    pub protocol_version: Option<Cow<'a, str>>,
    /// `initialize`.
    #[serde(default)]
    pub capabilities: Option<ClientCapabilities>,
    /// `initialize`.
    #[serde(rename = "clientInfo", borrow, default)]
    pub client_info: Option<&'a RawValue>,
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

/// From an object only: serde would read an array by position.
impl<'de: 'a, 'a> Deserialize<'de> for Params<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Params<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Params<'de>, A::Error> {
                Params::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

impl<'a> Params<'a> {
    /// Reads parameters that could not be read with their envelope, to say why.
    ///
    /// # Errors
    /// -32600 where they are no object, -32602 where one of them has the wrong type.
    pub(super) fn parse(raw: Option<&'a RawValue>) -> Result<Self, RpcError> {
        match raw {
            None => Ok(Self::default()),
            Some(raw) if !raw.get().starts_with('{') => {
                Err(RpcError::invalid_request("`params` must be an object"))
            }
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
