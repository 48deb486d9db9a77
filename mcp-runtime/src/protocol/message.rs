//! The JSON-RPC envelope, read in one pass with its parameters: borrowed from the bytes.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::borrowed::text;
use super::{Params, RpcError, code};

/// A request's id, echoed byte for byte.
#[derive(Clone, Copy, Serialize)]
#[serde(transparent)]
pub(crate) struct Id<'a>(&'a RawValue);

impl<'a> Id<'a> {
    /// The id as JSON text.
    pub(crate) fn as_json(&self) -> &'a str {
        self.0.get()
    }

    /// The id, for what outlives the request's bytes.
    pub(crate) fn to_owned(self) -> Box<RawValue> {
        self.0.to_owned()
    }
}

impl fmt::Debug for Id<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.get())
    }
}

/// A message from a client.
#[derive(Debug)]
pub(crate) enum Message<'a> {
    Request {
        id: Id<'a>,
        method: Cow<'a, str>,
        params: Params<'a>,
    },
    /// Nothing is answered to it: parameters of the wrong type are taken for none.
    Notification {
        method: Cow<'a, str>,
        params: Params<'a>,
    },
    /// An answer to a request of ours.
    Response {
        id: Id<'a>,
        result: Option<&'a RawValue>,
        error: Option<&'a RawValue>,
    },
}

/// Makes a message fit for a framing by lines. Ours have no line break; a user's raw JSON may, between its tokens.
pub(crate) fn one_line(message: &mut [u8]) {
    for byte in message
        .iter_mut()
        .filter(|byte| matches!(byte, b'\n' | b'\r'))
    {
        *byte = b' ';
    }
}

/// What a client answered to a request of ours: its result, or the message of its error.
pub(crate) fn answer_of(
    result: Option<&RawValue>,
    error: Option<&RawValue>,
) -> Result<Value, String> {
    let parse = |raw: &RawValue| serde_json::from_str::<Value>(raw.get()).unwrap_or_default();
    match (result, error) {
        (Some(result), _) => Ok(parse(result)),
        (None, error) => {
            let error = error.map(parse).unwrap_or_default();
            Err(error["message"]
                .as_str()
                .unwrap_or("no reason given")
                .to_owned())
        }
    }
}

/// A message that is none, with the id to answer under, where one could be read.
#[derive(Debug)]
pub(crate) struct BadMessage<'a> {
    pub id: Option<Id<'a>>,
    pub error: RpcError,
}

/// A message with its parameters as `P`: taken apart in the same pass, or left as they came.
#[derive(Deserialize)]
#[serde(bound(deserialize = "P: Deserialize<'de>"))]
struct Envelope<'a, P> {
    #[serde(borrow, default, deserialize_with = "text")]
    jsonrpc: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "even_null")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "text")]
    method: Option<Cow<'a, str>>,
    #[serde(default)]
    params: Option<P>,
    #[serde(borrow, default, deserialize_with = "even_null")]
    result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

/// `null` as a value: an id of `null` is a bad id, not a notification.
fn even_null<'de: 'a, 'a, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl<'a> Message<'a> {
    /// Reads one message.
    ///
    /// # Errors
    /// -32700 where the bytes are no JSON, -32600 where the JSON is no message, -32602 where a parameter has the wrong type.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, BadMessage<'a>> {
        // serde would read an array into the envelope by position.
        if bytes
            .iter()
            .find(|b| !b.is_ascii_whitespace())
            .is_some_and(|first| *first != b'{')
        {
            return Err(not_a_message(bytes));
        }
        let (envelope, params) = Envelope::read(bytes)?;
        let id = match envelope.id {
            None => None,
            Some(raw) if is_id(raw.get()) => Some(Id(raw)),
            Some(_) => {
                return Err(BadMessage {
                    id: None,
                    error: RpcError::invalid_request("`id` must be a string or an integer"),
                });
            }
        };
        let refuse = |text: &'static str| {
            Err(BadMessage {
                id,
                error: RpcError::invalid_request(text),
            })
        };
        if envelope.jsonrpc.as_deref() != Some("2.0") {
            return refuse("`jsonrpc` must be \"2.0\"");
        }
        match (envelope.method, id) {
            (Some(method), Some(id)) => match params {
                Ok(params) => Ok(Self::Request { id, method, params }),
                Err(error) => Err(BadMessage {
                    id: Some(id),
                    error,
                }),
            },
            (Some(method), None) => match params {
                Err(error) if error.code == code::INVALID_REQUEST => Err(BadMessage { id, error }),
                params => Ok(Self::Notification {
                    method,
                    params: params.unwrap_or_default(),
                }),
            },
            (None, Some(id)) if envelope.result.is_some() != envelope.error.is_some() => {
                Ok(Self::Response {
                    id,
                    result: envelope.result,
                    error: envelope.error,
                })
            }
            _ => refuse("the message has no `method`"),
        }
    }
}

impl<'a> Envelope<'a, ()> {
    /// The envelope and its parameters. All is read in one pass; only where that fails, the parameters are looked at by
    /// themselves, so that a mistake in them is answered under the message's id.
    fn read(bytes: &'a [u8]) -> Result<(Self, Result<Params<'a>, RpcError>), BadMessage<'a>> {
        // Checked at once: reading from bytes would check each string and each raw value by itself.
        if let Ok(text) = std::str::from_utf8(bytes)
            && let Ok(envelope) = serde_json::from_str::<Envelope<'a, Params<'a>>>(text)
        {
            let (envelope, params) = envelope.take_params();
            return Ok((envelope, Ok(params.unwrap_or_default())));
        }
        let envelope: Envelope<'a, &'a RawValue> =
            serde_json::from_slice(bytes).map_err(|e| bad_json(bytes, &e))?;
        let (envelope, params) = envelope.take_params();
        Ok((envelope, Params::parse(params)))
    }
}

impl<'a, P> Envelope<'a, P> {
    fn take_params(self) -> (Envelope<'a, ()>, Option<P>) {
        let Self {
            jsonrpc,
            id,
            method,
            params,
            result,
            error,
        } = self;
        let envelope = Envelope {
            jsonrpc,
            id,
            method,
            params: None,
            result,
            error,
        };
        (envelope, params)
    }
}

/// A string or an integer. The text is valid JSON already.
fn is_id(raw: &str) -> bool {
    raw.starts_with('"')
        || (raw.starts_with(|c: char| c == '-' || c.is_ascii_digit())
            && !raw.contains(['.', 'e', 'E']))
}

fn bad_json<'a>(bytes: &'a [u8], error: &serde_json::Error) -> BadMessage<'a> {
    let error = if error.is_data() && std::str::from_utf8(bytes).is_ok() {
        RpcError::invalid_request(format!("the body is no JSON-RPC message: {error}"))
    } else {
        RpcError::new(code::PARSE_ERROR, format!("the body is no JSON: {error}"))
    };
    BadMessage { id: None, error }
}

/// A body that is something else than an object.
fn not_a_message(bytes: &[u8]) -> BadMessage<'_> {
    let error = match serde_json::from_slice::<serde::de::IgnoredAny>(bytes) {
        Err(error) => RpcError::new(code::PARSE_ERROR, format!("the body is no JSON: {error}")),
        Ok(_) if is_batch(bytes) => RpcError::invalid_request(
            "batches are spoken by protocol version 2025-03-26 only: send one message",
        ),
        Ok(_) => RpcError::invalid_request("the body is no JSON-RPC message: it must be an object"),
    };
    BadMessage { id: None, error }
}

/// Whether the body is a batch.
pub(crate) fn is_batch(bytes: &[u8]) -> bool {
    bytes.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'[')
}

/// Opens a result: `{"jsonrpc":"2.0","id":…,"result":`. The writer adds the result and [`CLOSE`].
pub(crate) fn open_result(out: &mut Vec<u8>, id: Id<'_>) {
    out.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    out.extend_from_slice(id.as_json().as_bytes());
    out.extend_from_slice(br#","result":"#);
}

/// Closes what [`open_result`] opened.
pub(crate) const CLOSE: &[u8] = b"}";

/// Writes an error answer; without an id where none is known.
pub(crate) fn write_error(out: &mut Vec<u8>, id: Option<Id<'_>>, error: &RpcError) {
    #[derive(Serialize)]
    struct Answer<'a> {
        jsonrpc: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<Id<'a>>,
        error: &'a RpcError,
    }
    // Writing to memory cannot fail, and no key is anything but a string.
    let _ = serde_json::to_writer(
        out,
        &Answer {
            jsonrpc: "2.0",
            id,
            error,
        },
    );
}

#[cfg(test)]
mod tests {
    use super::super::code::{INVALID_REQUEST, PARSE_ERROR};
    use super::*;

    #[test]
    fn the_three_kinds_are_told_apart() {
        let parse = |s: &'static str| Message::parse(s.as_bytes()).expect(s);
        assert!(matches!(
            parse(r#"{"jsonrpc":"2.0","id":1,"method":"m"}"#),
            Message::Request { .. }
        ));
        assert!(matches!(
            parse(r#"{"jsonrpc":"2.0","method":"m","params":{}}"#),
            Message::Notification { .. }
        ));
        assert!(matches!(
            parse(r#"{"jsonrpc":"2.0","id":"a","result":{}}"#),
            Message::Response { .. }
        ));
    }

    #[test]
    fn bad_messages_get_their_code_and_their_id() {
        let cases: [(&[u8], i32, bool); 13] = [
            (b"{", PARSE_ERROR, false),
            (b"", PARSE_ERROR, false),
            (b"[{\"a\":", PARSE_ERROR, false),
            (br#"["2.0",7,"initialize",{}]"#, INVALID_REQUEST, false),
            (b"7", INVALID_REQUEST, false),
            (b"\xff\xfe", PARSE_ERROR, false),
            (
                b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}",
                PARSE_ERROR,
                false,
            ),
            (
                br#"[{"jsonrpc":"2.0","id":1,"method":"m"}]"#,
                INVALID_REQUEST,
                false,
            ),
            (
                br#"{"jsonrpc":"1.0","id":1,"method":"m"}"#,
                INVALID_REQUEST,
                true,
            ),
            (
                br#"{"jsonrpc":"2.0","id":null,"method":"m"}"#,
                INVALID_REQUEST,
                false,
            ),
            (
                br#"{"jsonrpc":"2.0","id":1.5,"method":"m"}"#,
                INVALID_REQUEST,
                false,
            ),
            (
                br#"{"jsonrpc":"2.0","id":1,"method":"m","params":[1]}"#,
                INVALID_REQUEST,
                true,
            ),
            (br#"{"jsonrpc":"2.0","id":1}"#, INVALID_REQUEST, true),
        ];
        for (body, code, has_id) in cases {
            let bad = Message::parse(body).expect_err("bad");
            assert_eq!(
                (bad.error.code, bad.id.is_some()),
                (code, has_id),
                "{}",
                String::from_utf8_lossy(body)
            );
        }
    }
}
