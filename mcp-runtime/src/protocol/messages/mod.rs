//! The messages of revision 2026-07-28 as types, for programs that read or write them: test clients, gateways,
//! recordings. The server itself reads and writes most of them without; these are held to the specification's own
//! examples.
//!
//! Every type and field is what the [specification's schema](https://modelcontextprotocol.io/specification/2026-07-28/schema)
//! calls by the same name.
//!
//! ```
//! use mcp_runtime::protocol::messages::{ListToolsResult, Response};
//!
//! # fn main() -> Result<(), serde_json::Error> {
//! let line = r#"{"jsonrpc": "2.0", "id": 1, "result":
//!     {"resultType": "complete", "tools": [], "ttlMs": 300000, "cacheScope": "public"}}"#;
//! let answer: Response<ListToolsResult> = serde_json::from_str(line)?;
//! assert!(answer.result.tools.is_empty());
//! # Ok(())
//! # }
//! ```
#![allow(
    missing_docs,
    reason = "the specification defines each field under the same name"
)]

/// Structs as the specification has them: what must be there before the semicolon, what may be after it.
macro_rules! wire {
    ($(
        $(#[$doc:meta])*
        $name:ident { $($(#[$need:meta])* $field:ident: $type:ty),* ; $($(#[$may:meta])* $option:ident: $inner:ty),* }
    )*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $($(#[$need])* pub $field: $type,)*
            $($(#[$may])* #[serde(default, skip_serializing_if = "Option::is_none")] pub $option: Option<$inner>,)*
        }
    )* };
}

mod asking;
mod capabilities;
mod forms;
mod items;
mod requests;
mod results;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::RpcError;

pub use asking::*;
pub use capabilities::*;
pub use forms::*;
pub use items::*;
pub use requests::*;
pub use results::*;

/// `_meta`, and other objects whose keys are free.
pub type Object = Map<String, Value>;

/// `"2.0"`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum JsonRpc {
    #[default]
    #[serde(rename = "2.0")]
    V2,
}

/// The id of a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RequestId {
    Number(i64),
    Text(String),
}

/// A request with parameters of this type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request<P> {
    pub jsonrpc: JsonRpc,
    pub id: RequestId,
    pub method: String,
    pub params: P,
}

/// A notification with parameters of this type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notification<P> {
    pub jsonrpc: JsonRpc,
    pub method: String,
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub params: Option<P>,
}

fn none<P>() -> Option<P> {
    None
}

/// An answer with a result of this type (`JSONRPCResultResponse`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response<R> {
    pub jsonrpc: JsonRpc,
    pub id: RequestId,
    pub result: R,
}

wire! {
    /// An answer that is an error (`JSONRPCErrorResponse`); without an id where the request's could not be read.
    ErrorResponse {
        jsonrpc: JsonRpc,
        error: RpcError;
        id: RequestId
    }
}

/// One thing, or a list of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}
