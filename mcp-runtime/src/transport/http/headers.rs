//! The headers that repeat parts of a request's body on the stateless wire, so that proxies can route by them.
//! Where they contradict the body, the request is refused (-32020).

use std::borrow::Cow;

use actix_web::http::header::{HeaderMap, HeaderName};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::dispatch::Dispatcher;
use crate::protocol::{Params, ProtocolVersion, RpcError, code};

// Names that are parsed already: three look-ups by text were 1,200 instructions of a call.
pub(super) static VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
static METHOD: HeaderName = HeaderName::from_static("mcp-method");
static NAME: HeaderName = HeaderName::from_static("mcp-name");

/// Checks version, `Mcp-Method`, `Mcp-Name` and the headers of arguments, in the order of the errors' precedence.
///
/// # Errors
/// -32602 for an incomplete `_meta`, -32020 for a contradiction, -32022 for a version that is not spoken here,
/// -32601 for a method that is not there.
pub(super) fn check(
    headers: &HeaderMap,
    method: &str,
    params: &Params<'_>,
    dispatcher: &Dispatcher,
) -> Result<(), RpcError> {
    let meta = params.meta.as_ref();
    let Some(asked) = meta.and_then(|m| m.protocol_version.as_deref()) else {
        return Err(RpcError::invalid_params(
            "`params._meta` must have `io.modelcontextprotocol/protocolVersion`",
        ));
    };
    if meta.is_none_or(|m| m.client_capabilities.is_none()) {
        return Err(RpcError::invalid_params(
            "`params._meta` must have `io.modelcontextprotocol/clientCapabilities`",
        ));
    }
    repeats(headers, &VERSION, asked)?;
    match ProtocolVersion::parse(asked) {
        Some(version) if version.is_stateless() => {}
        _ => return Err(RpcError::unsupported_version(asked)),
    }
    if !dispatcher.knows(method, ProtocolVersion::V2026_07_28) {
        return Err(RpcError::method_not_found(method));
    }
    repeats(headers, &METHOD, method)?;
    let name = match method {
        "tools/call" | "prompts/get" => params.name.as_deref(),
        "resources/read" => params.uri.as_deref(),
        "tasks/get" | "tasks/update" | "tasks/cancel" => params.task_id.as_deref(),
        _ => None,
    };
    if let Some(name) = name {
        repeats(headers, &NAME, name)?;
    }
    if method == "tools/call" {
        arguments(headers, params, dispatcher)?;
    }
    Ok(())
}

/// `x-mcp-header`: an argument that is sent is repeated in `Mcp-Param-…`.
fn arguments(
    headers: &HeaderMap,
    params: &Params<'_>,
    dispatcher: &Dispatcher,
) -> Result<(), RpcError> {
    let tool = params
        .name
        .as_deref()
        .and_then(|name| dispatcher.catalogue.tool(name));
    let Some(tool) = tool.filter(|t| !t.headers.is_empty()) else {
        return Ok(());
    };
    let sent: Value = params
        .arguments
        .and_then(|a| serde_json::from_str(a.get()).ok())
        .unwrap_or_default();
    for (argument, header) in &tool.headers {
        let header = format!("mcp-param-{}", header.to_ascii_lowercase());
        let Ok(header) = HeaderName::try_from(header.as_str()) else {
            return Err(mismatch(&header, "no header can have that name"));
        };
        let value = match &sent[argument.as_str()] {
            Value::Null => {
                if headers.contains_key(&header) {
                    return Err(mismatch(header.as_str(), "the argument is not sent"));
                }
                continue;
            }
            Value::String(text) => Cow::Borrowed(text.as_str()),
            other => Cow::Owned(other.to_string()),
        };
        repeats(headers, &header, &value)?;
    }
    Ok(())
}

fn repeats(headers: &HeaderMap, header: &HeaderName, body: &str) -> Result<(), RpcError> {
    let mut values = headers.get_all(header);
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(mismatch(header.as_str(), "it must be there exactly once"));
    };
    let Ok(text) = value.to_str() else {
        return Err(mismatch(header.as_str(), "it is not ASCII"));
    };
    match decode(text.trim()) {
        Some(value) if value == body => Ok(()),
        Some(_) => Err(mismatch(header.as_str(), "it differs from the body")),
        None => Err(mismatch(header.as_str(), "its base64 is broken")),
    }
}

/// `=?base64?…?=` carries what a header cannot; everything else stands for itself.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    let Some(encoded) = text
        .strip_prefix("=?base64?")
        .and_then(|t| t.strip_suffix("?="))
    else {
        return Some(Cow::Borrowed(text));
    };
    let bytes = STANDARD.decode(encoded).ok()?;
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

fn mismatch(header: &str, why: &str) -> RpcError {
    RpcError::new(
        code::HEADER_MISMATCH,
        format!("the header `{header}` must repeat the body: {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn only_the_whole_sentinel_is_decoded() {
        for (header, value) in [
            ("=?base64?SGVsbG8=?=", Some("Hello")),
            ("=?base64?SGVsbG8?=", None),
            ("=?base64?SGVs!!!bG8=?=", None),
            ("SGVsbG8=", Some("SGVsbG8=")),
            ("=?base64?SGVsbG8=", Some("=?base64?SGVsbG8=")),
        ] {
            assert_eq!(decode(header).as_deref(), value, "{header}");
        }
    }
}
