//! The outcome of a request, before a transport writes it.

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::extract::Context;
use crate::protocol::{Content, RpcError};
use crate::result::ToolResult;

/// What a method answers.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "the large one is the usual one: a box was an allocation of each call"
)]
pub(crate) enum Reply {
    /// A `result` that was written before.
    Written(Bytes),
    /// The result of a tool.
    Tool(ToolReply),
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
    pub meta: Option<Box<Map<String, Value>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_type: Option<&'static str>,
}

impl ToolReply {
    /// What a tool returned, for the wire of its call.
    pub(super) fn of(result: ToolResult, ctx: &Context) -> Self {
        Self {
            content: result.content,
            structured_content: result.structured,
            is_error: result.is_error,
            meta: result.meta.map(Box::new),
            result_type: ctx.protocol_version().is_stateless().then_some("complete"),
        }
    }

    pub(super) fn is_stateless(&self) -> bool {
        self.result_type.is_some()
    }

    /// The text, where the result is one plain text, as most are.
    fn plain_text(&self) -> Option<&str> {
        let [Content::Text(block)] = &self.content[..] else {
            return None;
        };
        let is_plain = block.annotations.is_none()
            && block.meta.is_none()
            && self.structured_content.is_none()
            && !self.is_error
            && self.meta.is_none();
        is_plain.then_some(&*block.text)
    }

    fn write(&self, out: &mut Vec<u8>) {
        // Writing to memory cannot fail, and all keys are strings.
        let Some(text) = self.plain_text() else {
            return serde_json::to_writer(out, self).unwrap_or_default();
        };
        // The same word for word, without asking each key whether it must be escaped: 700 instructions of a call.
        out.extend_from_slice(br#"{"content":[{"type":"text","text":"#);
        serde_json::to_writer(&mut *out, text).unwrap_or_default();
        out.extend_from_slice(match self.result_type {
            Some(_) => br#"}],"resultType":"complete"}"#,
            None => b"}]}",
        });
    }
}

impl Reply {
    /// A failure of a tool's that the model reads, on the stateless wire.
    pub(super) fn refusal(text: String) -> Self {
        Self::Tool(ToolReply {
            content: vec![Content::text(text)],
            structured_content: None,
            is_error: true,
            meta: None,
            result_type: Some("complete"),
        })
    }

    /// Appends the `result`.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Written(bytes) => out.extend_from_slice(bytes),
            Self::Tool(reply) => reply.write(out),
            // Writing to memory cannot fail, and all keys are strings.
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::extract::ContextParts;
    use crate::protocol::ProtocolVersion;

    #[test]
    fn a_plain_text_is_written_as_any_other_result() {
        for version in [ProtocolVersion::V2025_11_25, ProtocolVersion::V2026_07_28] {
            let mut parts = ContextParts::default();
            parts.client.version = version;
            let ctx = Context::new(parts, Arc::default());
            let text = "a \"quoted\"\nline – \u{1}";
            let reply = ToolReply::of(ToolResult::content([Content::text(text)]), &ctx);
            assert_eq!(reply.plain_text(), Some(text));
            let (mut short, long) = (Vec::new(), serde_json::to_vec(&reply));
            reply.write(&mut short);
            assert_eq!(Some(short), long.ok(), "{version:?}");
            let failed = ToolReply::of(ToolResult::error(text), &ctx);
            assert_eq!(failed.plain_text(), None);
        }
    }
}
