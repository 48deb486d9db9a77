//! The outcome of a request, before a transport writes it.

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::protocol::{Content, RpcError};

/// What a method answers.
#[derive(Debug)]
pub(crate) enum Reply {
    /// A `result` that was written before.
    Written(Bytes),
    /// The result of a tool.
    Tool(Box<ToolReply>),
    /// Anything rare.
    Value(Value),
}

/// `CallToolResult`, in the order in which it goes over the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ToolReply {
    pub content: Vec<Content>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub structured_content: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_error: bool,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_type: Option<&'static str>,
}

impl Reply {
    /// A failure of a tool's that the model reads, on the stateless wire.
    pub(super) fn refusal(text: String) -> Self {
        Self::Tool(Box::new(ToolReply {
            content: vec![Content::text(text)],
            structured_content: None,
            is_error: true,
            meta: None,
            result_type: Some("complete"),
        }))
    }

    /// Appends the `result`.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Written(bytes) => out.extend_from_slice(bytes),
            // Writing to memory cannot fail, and all keys are strings.
            Self::Tool(reply) => serde_json::to_writer(out, reply).unwrap_or_default(),
            Self::Value(value) => serde_json::to_writer(out, value).unwrap_or_default(),
        }
    }
}

/// Why there is no reply.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A JSON-RPC error.
    Rpc(RpcError),
    /// The call waits for input: the round ends.
    Suspended,
    /// Nobody is signed in.
    Unauthenticated,
    /// The caller's token lacks one of these scopes.
    Scopes(Vec<String>),
}

impl From<RpcError> for Failure {
    fn from(error: RpcError) -> Self {
        Self::Rpc(error)
    }
}

impl Failure {
    /// The failure as a JSON-RPC error, for a transport without HTTP's own words for it.
    pub(crate) fn into_rpc(self) -> RpcError {
        match self {
            Self::Rpc(error) => error,
            Self::Suspended => RpcError::invalid_request("this call waits for input"),
            Self::Unauthenticated => RpcError::invalid_request("this call needs a signed-in user"),
            Self::Scopes(scopes) => RpcError::invalid_request(format!(
                "this call needs the scopes {}",
                scopes.join(" ")
            )),
        }
    }
}
