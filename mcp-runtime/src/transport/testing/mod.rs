//! An in-process client for tests: every call goes through the whole byte path, without a socket.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::io::{
    AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf,
};

use crate::dispatch::Dispatcher;
use crate::extract::User;
use crate::protocol::RpcError;

/// How many bytes a pipe holds before its writer waits.
const PIPE: usize = 64 * 1024;

/// How often a task is looked at.
const POLL: Duration = Duration::from_millis(10);

/// A client of a server in the same process.
///
/// ```
/// # use mcp_runtime::prelude::*;
/// # use serde_json::json;
/// /// Adds two numbers.
/// #[mcp_tool]
/// async fn add(a: i64, b: i64) -> i64 {
///     a + b
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mcp_runtime::Result<()> {
/// let mut client = mcp_server!("Calculator").only(tools![add]).auth(Auth::none()).test().await?;
/// let answer = client.call("add", json!({ "a": 2, "b": 3 })).await?;
/// assert_eq!(answer.text(), "5");
/// # Ok(())
/// # }
/// ```
pub struct TestClient {
    dispatcher: Arc<Dispatcher>,
    next_id: u64,
    lines: Lines<BufReader<ReadHalf<DuplexStream>>>,
    writer: WriteHalf<DuplexStream>,
    notifications: Vec<Value>,
    capabilities: Value,
}

impl TestClient {
    pub(crate) fn connect(dispatcher: Arc<Dispatcher>, user: Option<User>) -> Self {
        let (ours, theirs) = tokio::io::duplex(PIPE);
        let (input, output) = tokio::io::split(theirs);
        let server = super::stdio::serve(dispatcher.clone(), user.map(Arc::new), input, output);
        tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::debug!(%error, "the test client's pipe broke");
            }
        });
        let (reader, writer) = tokio::io::split(ours);
        Self {
            dispatcher,
            next_id: 0,
            lines: BufReader::new(reader).lines(),
            writer,
            notifications: Vec::new(),
            capabilities: json!({}),
        }
    }

    /// A client of the same server, signed in as this user.
    #[must_use]
    pub fn as_user(&self, user: impl Into<User>) -> Self {
        Self::connect(self.dispatcher.clone(), Some(user.into()))
    }

    /// The same client with these capabilities, as the specification's `ClientCapabilities`.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: Value) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Calls a tool. Where the call becomes a task, for a client with that capability, it waits for its end, or for
    /// its first question: then the answer is the task as `tasks/get` shows it.
    ///
    /// # Errors
    /// The JSON-RPC error of the server. A failure of the tool itself is a [`ToolAnswer`] with `is_error`.
    pub async fn call(&mut self, tool: &str, arguments: Value) -> Result<ToolAnswer, RpcError> {
        let result = self
            .request(
                "tools/call",
                json!({ "name": tool, "arguments": arguments }),
            )
            .await?;
        if result["resultType"] != "task" {
            return Ok(ToolAnswer(result));
        }
        let id = json!({ "taskId": result["taskId"] });
        loop {
            let mut task = self.request("tasks/get", id.clone()).await?;
            match task["status"].as_str() {
                Some("completed") => return Ok(ToolAnswer(task["result"].take())),
                Some("failed") => {
                    return Err(serde_json::from_value(task["error"].take()).map_err(broken)?);
                }
                Some("working") => tokio::time::sleep(POLL).await,
                _ => return Ok(ToolAnswer(task)),
            }
        }
    }

    /// What a tool would see of these arguments, once the strings that clients send for numbers are numbers and a `null`
    /// for what may be left out is left out: for a test that asks another validator about the same call.
    ///
    /// `None` if there is no such tool.
    pub fn coerced(&self, tool: &str, arguments: Value) -> Option<Value> {
        let tool = self.dispatcher.catalogue.tool(tool)?;
        Some(tool.input.coerced(arguments))
    }

    /// The list of tools as it goes over the wire.
    ///
    /// # Errors
    /// The JSON-RPC error of the server.
    pub async fn list_tools(&mut self) -> Result<Vec<Value>, RpcError> {
        let mut result = self.request("tools/list", json!({})).await?;
        Ok(match result["tools"].take() {
            Value::Array(tools) => tools,
            _ => Vec::new(),
        })
    }

    /// Any request of the newest protocol revision; `_meta` is added.
    ///
    /// # Errors
    /// The JSON-RPC error of the server; -32603 if the connection broke.
    pub async fn request(&mut self, method: &str, params: Value) -> Result<Value, RpcError> {
        let mut params = match params {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        let meta = params.entry("_meta").or_insert_with(|| json!({}));
        meta["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
        meta["io.modelcontextprotocol/clientCapabilities"] = self.capabilities.clone();
        meta["io.modelcontextprotocol/clientInfo"] = json!({ "name": "test", "version": "0" });
        self.next_id += 1;
        let id = self.next_id;
        let line = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.send_raw(&line.to_string()).await.map_err(broken)?;
        loop {
            let message = self.receive_raw().await.map_err(broken)?;
            let mut message: Value = serde_json::from_str(&message).map_err(broken)?;
            if message["id"] != id {
                self.notifications.push(message);
                continue;
            }
            if let Some(error) = message.get_mut("error") {
                return Err(serde_json::from_value(error.take()).map_err(broken)?);
            }
            return Ok(message["result"].take());
        }
    }

    /// The notifications that came before the last answer, oldest first.
    pub fn take_notifications(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.notifications)
    }

    /// Sends a line as it is: for what a good client never sends.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn send_raw(&mut self, line: &str) -> std::io::Result<()> {
        self.writer.write_all(line.as_bytes()).await?;
        self.writer.write_all(b"\n").await
    }

    /// Ends the input, as a client does that has said all. Answers can still be received.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn end(&mut self) -> std::io::Result<()> {
        self.writer.shutdown().await
    }

    /// The next line from the server.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn receive_raw(&mut self) -> std::io::Result<String> {
        self.lines
            .next_line()
            .await?
            .ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
    }
}

impl std::fmt::Debug for TestClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestClient")
            .field("next_id", &self.next_id)
            .finish_non_exhaustive()
    }
}

fn broken(error: impl std::fmt::Display) -> RpcError {
    RpcError::new(
        crate::protocol::code::INTERNAL_ERROR,
        format!("the connection broke: {error}"),
    )
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolAnswer(pub Value);

impl ToolAnswer {
    /// All its text blocks, joined by line breaks.
    pub fn text(&self) -> String {
        let blocks = self.0["content"].as_array().into_iter().flatten();
        blocks
            .filter_map(|b| b["text"].as_str())
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Its `structuredContent`; `null` where there is none.
    pub fn structured(&self) -> &Value {
        &self.0["structuredContent"]
    }

    /// Whether the tool says that it failed.
    pub fn is_error(&self) -> bool {
        self.0["isError"] == true
    }
}
