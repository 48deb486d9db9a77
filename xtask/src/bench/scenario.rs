//! What is asked of every server alike.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::http::{self, Answer};

/// A revision's way of talking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    /// 2026-07-28: each request for itself.
    Modern,
    /// 2025-11-25: after `initialize`, in a session if the server opens one.
    Legacy,
}

const MODERN: &str = "2026-07-28";
const LEGACY: &str = "2025-11-25";

/// A request to measure.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) wire: Wire,
    method: &'static str,
    params: fn() -> Value,
    /// A part of every right answer.
    expected: &'static str,
    /// Whether the floor reads the body and parses the argument too.
    pub(super) parse: bool,
    /// Whether a token is sent, where the server asks for one.
    pub(super) with_token: bool,
}

/// The headers and the body of a request.
pub(super) struct Prepared {
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Scenario {
    const fn new(
        name: &'static str,
        wire: Wire,
        method: &'static str,
        params: fn() -> Value,
        expected: &'static str,
    ) -> Self {
        Self {
            name,
            wire,
            method,
            params,
            expected,
            parse: false,
            with_token: false,
        }
    }

    const fn with_token(mut self) -> Self {
        self.with_token = true;
        self
    }

    const fn parsed(mut self) -> Self {
        self.parse = true;
        self
    }
}

pub(super) const ECHO: &str = "echo, 2026-07-28";
pub(super) const ECHO_LEGACY: &str = "echo, 2025-11-25";
pub(super) const ECHO_TOKEN: &str = "echo with a token";
pub(super) const LIST: &str = "list of 52 tools";
pub(super) const MEGABYTE: &str = "1 MB argument";

pub(super) static SCENARIOS: [Scenario; 5] = [
    Scenario::new(ECHO, Wire::Modern, "tools/call", echo, "hello there"),
    Scenario::new(ECHO_LEGACY, Wire::Legacy, "tools/call", echo, "hello there"),
    Scenario::new(ECHO_TOKEN, Wire::Modern, "tools/call", echo, "hello there").with_token(),
    Scenario::new(LIST, Wire::Modern, "tools/list", || json!({}), "tool_49"),
    Scenario::new(
        MEGABYTE,
        Wire::Modern,
        "tools/call",
        megabyte,
        "nothing done",
    )
    .parsed(),
];

fn echo() -> Value {
    json!({ "name": "echo", "arguments": { "message": "hello there" } })
}

fn megabyte() -> Value {
    // As text is: words, and a line break to unescape now and then.
    let line = format!("{}\n", "all work and no play ".repeat(50));
    let subject = line.repeat(1_000_000 / line.len());
    json!({ "name": "tool_07", "arguments": { "subject": subject } })
}

impl Scenario {
    /// The request, for a server on this port; opens the session that it needs.
    pub(super) fn prepare(&self, port: u16, token: Option<&str>) -> Result<Prepared> {
        let mut params = (self.params)();
        let mut headers = basic(token);
        match self.wire {
            Wire::Modern => headers.extend(modern(self.method, &mut params)),
            Wire::Legacy => {
                headers.push(("MCP-Protocol-Version".into(), LEGACY.into()));
                if let Some(session) = open_session(port, token)? {
                    headers.push(("Mcp-Session-Id".into(), session));
                }
            }
        }
        Ok(Prepared {
            headers,
            body: envelope(self.method, &params),
        })
    }

    /// Sends it once and looks at the answer: what is measured must be right.
    pub(super) fn check(&self, port: u16, prepared: &Prepared) -> Result<Answer> {
        let answer = prepared.send(port)?;
        ensure!(
            answer.status == 200 && answer.body.contains(self.expected),
            "a wrong answer: {} {:.300}",
            answer.status,
            answer.body
        );
        Ok(answer)
    }
}

/// A call by 2026-07-28.
pub(super) fn call(tool: &str) -> Prepared {
    let mut params = json!({ "name": tool, "arguments": {} });
    let mut headers = basic(None);
    headers.extend(modern("tools/call", &mut params));
    Prepared {
        headers,
        body: envelope("tools/call", &params),
    }
}

/// A request by 2026-07-28 as it goes over a connection that stays open.
pub(super) fn as_text(port: u16, method: &str, mut params: Value) -> String {
    let mut headers = basic(None);
    headers.extend(modern(method, &mut params));
    let body = envelope(method, &params);
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    format!(
        "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

fn envelope(method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
}

/// What 2026-07-28 wants beside the parameters: its `_meta`, and the headers that repeat the body.
fn modern(method: &str, params: &mut Value) -> Vec<(String, String)> {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientInfo": { "name": "wrk", "version": "4" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let mut headers = vec![
        ("MCP-Protocol-Version".to_owned(), MODERN.to_owned()),
        ("Mcp-Method".to_owned(), method.to_owned()),
    ];
    let name = params["name"].as_str();
    headers.extend(name.map(|name| ("Mcp-Name".to_owned(), name.to_owned())));
    headers
}

impl Prepared {
    /// Sends it once.
    pub(super) fn send(&self, port: u16) -> Result<Answer> {
        let headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        http::send(port, "POST", "/mcp", &headers, &self.body)
    }
}

fn basic(token: Option<&str>) -> Vec<(String, String)> {
    let mut headers = vec![
        ("Content-Type".to_owned(), "application/json".to_owned()),
        (
            "Accept".to_owned(),
            "application/json, text/event-stream".to_owned(),
        ),
    ];
    headers.extend(token.map(|t| ("Authorization".to_owned(), format!("Bearer {t}"))));
    headers
}

/// The id of a fresh session, of a server that has sessions.
fn open_session(port: u16, token: Option<&str>) -> Result<Option<String>> {
    let mut headers = basic(token);
    let mut post = |body: Value, session: Option<&str>| {
        if let Some(session) = session {
            headers.push(("Mcp-Session-Id".into(), session.into()));
            headers.push(("MCP-Protocol-Version".into(), LEGACY.into()));
        }
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        http::send(port, "POST", "/mcp", &headers, &body.to_string())
    };
    let hello = json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {
            "protocolVersion": LEGACY,
            "capabilities": {},
            "clientInfo": { "name": "wrk", "version": "4" },
        },
    });
    let answer = post(hello, None)?;
    ensure!(
        answer.status == 200,
        "initialize: {} {}",
        answer.status,
        answer.body
    );
    let Some(session) = answer.header("mcp-session-id").map(str::to_owned) else {
        return Ok(None);
    };
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    post(ready, Some(&session))?;
    Ok(Some(session))
}
