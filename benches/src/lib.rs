//! Calls without a network: requests go into the actix-web app of a server as they come from its HTTP parser, and come
//! back as responses. So instructions and allocations can be counted, which are the same in every run; times are not.

use actix_http::Request;
use actix_web::body::to_bytes;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::test::{TestRequest, init_service};
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse};
use mcp_runtime::descriptor::{BoxFuture, Item, Param, Place, ToolDescriptor};
use mcp_runtime::prelude::*;
use mcp_runtime::{Call, IntoToolResult, Items, Settings, ToolResult, tools};
use serde_json::{Value, json};

/// Repeat a message.
#[mcp_tool]
async fn echo(message: String) -> String {
    message
}

/// Roll an n-sided dice, always alike.
#[mcp_tool]
async fn roll_dice(
    /// How many sides the dice has.
    #[arg(default = 6, range(2..=1_000_000))]
    sides: u32,
) -> String {
    format!("rolled a {} (1–{sides}).", sides / 2)
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// `tools/call` of `echo`, by 2026-07-28.
    Echo,
    /// The same in a session of 2025-11-25.
    EchoInSession,
    /// `tools/call` of `roll_dice`, by 2026-07-28: a range to keep.
    RollDice,
    /// `tools/list`, by 2026-07-28.
    List,
}

impl Ask {
    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "echo" => Some(Self::Echo),
            "echo-in-session" => Some(Self::EchoInSession),
            "roll-dice" => Some(Self::RollDice),
            "list" => Some(Self::List),
            _ => None,
        }
    }

    fn method(self) -> &'static str {
        match self {
            Self::List => "tools/list",
            _ => "tools/call",
        }
    }

    fn params(self) -> Value {
        match self {
            Self::List => json!({}),
            Self::RollDice => json!({ "name": "roll_dice", "arguments": { "sides": 20 } }),
            Self::Echo | Self::EchoInSession => {
                json!({ "name": "echo", "arguments": { "message": "hello there" } })
            }
        }
    }
}

/// An app to call: ours or the floor.
pub trait Target: Service<Request, Response = ServiceResponse, Error = actix_web::Error> {}

impl<T: Service<Request, Response = ServiceResponse, Error = actix_web::Error>> Target for T {}

/// A server of ours with so many tools, of which `echo` and `roll_dice` do something.
///
/// # Panics
/// The server does not start: a mistake in this file.
pub async fn ours(tools: usize) -> impl Target {
    let fillers: Vec<Item> = (2..tools).map(filler).collect();
    let mount = mcp_server!("bench")
        .only(tools![echo, roll_dice])
        .with(Items::of(&fillers))
        .auth(Auth::none())
        .settings(Settings::default())
        .build()
        .await
        .expect("starts");
    init_service(App::new().configure(|cfg| mount.configure(cfg))).await
}

/// A bare handler that reads the body and answers so many bytes.
pub async fn floor(bytes: usize) -> impl Target {
    let body = Bytes::from(vec![b'x'; bytes]);
    let handler = move |_request: Bytes| {
        let body = body.clone();
        async move {
            HttpResponse::Ok()
                .content_type("application/json")
                .body(body)
        }
    };
    init_service(App::new().route("/mcp", web::post().to(handler))).await
}

/// A tool more, as the macros describe one; it lives as long as the process.
fn filler(number: usize) -> Item {
    static SUBJECT: Param =
        Param::of::<Option<String>>("subject").describe("What to do nothing with.");
    static PARAMS: &[&Param] = &[&SUBJECT];
    fn nothing(_: Call<'_>) -> BoxFuture<'_, Result<ToolResult, Error>> {
        Box::pin(async { "nothing done".into_tool_result() })
    }
    let name: &'static str = format!("tool_{number:04}").leak();
    let place = Place::new("mcp-bench", "0", "", file!(), line!(), column!());
    let tool = ToolDescriptor::new(name, "Do nothing, and say so.", nothing, place);
    Item::Tool(Box::leak(Box::new(tool.params(PARAMS))))
}

/// So many equal requests, in the session that they need.
///
/// # Panics
/// The server opens no session: a mistake in this file.
pub async fn requests(app: &impl Target, ask: Ask, count: usize) -> Vec<Request> {
    let mut params = ask.params();
    let mut headers = vec![
        ("host", "127.0.0.1:8000".to_owned()),
        ("content-type", "application/json".to_owned()),
        ("accept", "application/json, text/event-stream".to_owned()),
        ("user-agent", "bench".to_owned()),
    ];
    if ask == Ask::EchoInSession {
        headers.push(("mcp-protocol-version", "2025-11-25".to_owned()));
        let session = open_session(app, &headers[..4]).await;
        headers.push(("mcp-session-id", session));
    } else {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": "bench", "version": "0" },
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        headers.push(("mcp-protocol-version", "2026-07-28".to_owned()));
        headers.push(("mcp-method", ask.method().to_owned()));
        headers.extend(
            params["name"]
                .as_str()
                .map(|name| ("mcp-name", name.to_owned())),
        );
    }
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": ask.method(), "params": params });
    let body = Bytes::from(body.to_string());
    (0..count)
        .map(|_| request(&headers, body.clone()))
        .collect()
}

fn request(headers: &[(&'static str, String)], body: Bytes) -> Request {
    let mut request = TestRequest::post().uri("/mcp");
    for (name, value) in headers {
        request = request.insert_header((*name, value.as_str()));
    }
    let length = body.len().to_string();
    request
        .insert_header(("content-length", length))
        .set_payload(body)
        .to_request()
}

async fn open_session(app: &impl Target, headers: &[(&'static str, String)]) -> String {
    let hello = json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "bench", "version": "0" },
        },
    });
    let response = call(app, request(headers, hello.to_string().into())).await;
    let session = response.headers().get("mcp-session-id");
    session
        .and_then(|id| id.to_str().ok())
        .expect("a session")
        .to_owned()
}

/// Sends one request.
///
/// # Panics
/// The app fails without an answer, which none of these does.
pub async fn call(app: &impl Target, request: Request) -> ServiceResponse {
    app.call(request).await.expect("an answer")
}

/// The text of an answer; it must be a success.
///
/// # Panics
/// It is none.
pub async fn text(response: ServiceResponse) -> String {
    assert!(response.status().is_success(), "{}", response.status());
    let body = to_bytes(response.into_body()).await;
    let body = body.unwrap_or_else(|error| panic!("a body in memory: {error}"));
    String::from_utf8_lossy(&body).into_owned()
}
