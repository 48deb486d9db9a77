//! JSON-RPC errors and their codes.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ProtocolVersion;

/// The codes of JSON-RPC 2.0 and of the Model Context Protocol.
pub mod code {
    /// The body is no JSON.
    pub const PARSE_ERROR: i32 = -32700;
    /// The JSON is no request.
    pub const INVALID_REQUEST: i32 = -32600;
    /// There is no such method.
    pub const METHOD_NOT_FOUND: i32 = -32601;
    /// The parameters are wrong, or name something that is not there.
    pub const INVALID_PARAMS: i32 = -32602;
    /// Our own failure.
    pub const INTERNAL_ERROR: i32 = -32603;
    /// A header contradicts the body (2026-07-28).
    pub const HEADER_MISMATCH: i32 = -32020;
    /// The client lacks a capability that the request needs (2026-07-28).
    pub const MISSING_CLIENT_CAPABILITY: i32 = -32021;
    /// The revision is not spoken here (2026-07-28).
    pub const UNSUPPORTED_PROTOCOL_VERSION: i32 = -32022;
    /// A resource is not there (before 2026-07-28; now -32602).
    pub const RESOURCE_NOT_FOUND: i32 = -32002;
}

/// A JSON-RPC error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RpcError {
    /// The code, see [`code`].
    pub code: i32,
    /// One sentence.
    pub message: Cow<'static, str>,
    /// Details for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

impl std::fmt::Display for RpcError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for RpcError {}

impl RpcError {
    /// An error without details.
    pub fn new(code: i32, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
        }
    }

    /// The same error with details.
    #[must_use]
    pub fn with_data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    pub(crate) fn invalid_params(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(code::INVALID_PARAMS, message)
    }

    pub(crate) fn invalid_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(code::INVALID_REQUEST, message)
    }

    pub(crate) fn method_not_found(method: &str) -> Self {
        Self::new(
            code::METHOD_NOT_FOUND,
            format!("there is no method `{method}` here"),
        )
    }

    /// The client lacks what the request needs; `required` is the part of `ClientCapabilities` to declare.
    pub(crate) fn missing_capability(required: Value) -> Self {
        Self::new(
            code::MISSING_CLIENT_CAPABILITY,
            "the client cannot do what this call needs",
        )
        .with_data(json!({ "requiredCapabilities": required }))
    }

    pub(crate) fn unsupported_version(requested: &str) -> Self {
        let supported: Vec<_> = ProtocolVersion::ALL.iter().map(|v| v.as_str()).collect();
        Self::new(
            code::UNSUPPORTED_PROTOCOL_VERSION,
            format!("protocol version {requested} is not spoken here"),
        )
        .with_data(json!({ "supported": supported, "requested": requested }))
    }
}
