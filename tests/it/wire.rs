//! `/mcp` over real HTTP: both wires, the doors, bad input, streams and cancellation.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_runtime::prelude::*;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::open::OpenServer;
use crate::post::{BOTH, Post, meta, modern, modern_with, open_session};

/// How often a call began, and how often its future was dropped; each test has its own.
struct Counts {
    started: AtomicUsize,
    dropped: AtomicUsize,
}

impl Counts {
    const fn new() -> Self {
        Self {
            started: AtomicUsize::new(0),
            dropped: AtomicUsize::new(0),
        }
    }

    async fn wait(&'static self) {
        struct CountsDrops(&'static Counts);
        impl Drop for CountsDrops {
            fn drop(&mut self) {
                self.0.dropped.fetch_add(1, Ordering::SeqCst);
            }
        }
        let _counter = CountsDrops(self);
        self.started.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<()>().await;
    }

    fn now(&self) -> (usize, usize) {
        (
            self.started.load(Ordering::SeqCst),
            self.dropped.load(Ordering::SeqCst),
        )
    }
}

static LEFT: Counts = Counts::new();
static CANCELLED: Counts = Counts::new();

/// Repeats.
#[mcp_tool]
async fn echo(message: String) -> String {
    message
}
/// Counts to three.
#[mcp_tool]
async fn counts(ctx: &Context) -> &'static str {
    for n in 1..=3 {
        ctx.progress(f64::from(n), Some(3.0), None);
        tokio::task::yield_now().await;
    }
    ctx.log(LogLevel::Info, "done");
    "three"
}
/// Waits for ever, until its client leaves.
#[mcp_tool]
async fn waits() {
    LEFT.wait().await;
}
/// Waits for ever, until it is cancelled.
#[mcp_tool]
async fn waits_in_a_session() {
    CANCELLED.wait().await;
}
/// Is routed by region.
#[mcp_tool]
async fn routed(#[arg(header = "Region")] region: String) -> String {
    region
}

fn server() -> OpenServer {
    OpenServer::start(|| {
        mcp_server!("wire").only(tools![echo, counts, waits, waits_in_a_session, routed])
    })
}

fn echo_call(id: impl Into<Value>) -> Value {
    json!({"jsonrpc": "2.0", "id": id.into(), "method": "tools/call",
           "params": {"name": "echo", "arguments": {"message": "hi"}}})
}

#[tokio::test]
async fn one_endpoint_speaks_both_wires_with_and_without_the_slash() {
    let mut server = server();
    for slash in ["", "/"] {
        server.url = format!("{}{slash}", server.url.trim_end_matches('/'));
        let answer = modern(
            &server,
            "tools/call",
            json!({"name": "echo", "arguments": {"message": "hi"}}),
        )
        .await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(
            answer.json(),
            json!({"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": "hi"}], "resultType": "complete"}})
        );
        for version in ["2025-11-25", "2025-06-18", "2025-03-26"] {
            let session = open_session(&server, version).await;
            let answer = Post::to(&server)
                .with("mcp-session-id", session)
                .send(echo_call("x").to_string())
                .await;
            let result = json!({"content": [{"type": "text", "text": "hi"}]});
            assert_eq!(
                answer.json(),
                json!({"jsonrpc": "2.0", "id": "x", "result": result}),
                "{version}"
            );
        }
    }
}

#[tokio::test]
async fn bad_bodies_get_their_status_and_their_code() {
    let server = server();
    let cases: [(Vec<u8>, i32); 5] = [
        (b"{\"jsonrpc\":".to_vec(), -32700),
        (b"".to_vec(), -32700),
        (b"\xff\xfe{}".to_vec(), -32700),
        (
            echo_call(1).to_string().replace("2.0", "1.0").into_bytes(),
            -32600,
        ),
        (format!("[{}]", echo_call(1)).into_bytes(), -32600),
    ];
    for (body, code) in cases {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let answer = Post::to(&server).send(body).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (StatusCode::BAD_REQUEST, &json!(code)),
            "{shown}"
        );
        assert_eq!(answer.header("content-type"), "application/json");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_declared_or_chunked() {
    let server = server();
    let huge = vec![b' '; 4 * 1024 * 1024 + 1];
    let answer = Post::to(&server).send(huge.clone()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    // Without a length: the limit counts what arrives. The server may close before it has taken all of it.
    let mut stream = TcpStream::connect(server.authority()).expect("connects");
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a timeout");
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
        server.authority()
    );
    stream.write_all(head.as_bytes()).expect("sent");
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    for _ in 0..70 {
        if stream.write_all(chunk.as_bytes()).is_err() {
            break;
        }
    }
    let mut answer = [0_u8; 64];
    let n = stream.read(&mut answer).unwrap_or(0);
    assert!(
        answer[..n].starts_with(b"HTTP/1.1 413"),
        "{}",
        String::from_utf8_lossy(&answer[..n])
    );
}

#[tokio::test]
async fn a_batch_is_answered_where_2025_03_26_was_negotiated() {
    let server = server();
    let session = open_session(&server, "2025-03-26").await;
    let batch = format!(
        "[{},{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}},{}, 5]",
        echo_call(1),
        echo_call("b")
    );
    let answer = Post::to(&server)
        .with("mcp-session-id", session.clone())
        .send(batch)
        .await;
    let answers = answer.json();
    assert_eq!(answers.as_array().map(Vec::len), Some(3), "{answers}");
    assert_eq!(
        (&answers[0]["id"], &answers[1]["id"]),
        (&json!(1), &json!("b"))
    );
    assert_eq!(answers[2]["error"]["code"], -32600);
    let answer = Post::to(&server)
        .with("mcp-session-id", session)
        .send("[]")
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let newer = open_session(&server, "2025-06-18").await;
    let answer = Post::to(&server)
        .with("mcp-session-id", newer)
        .send(format!("[{}]", echo_call(1)))
        .await;
    assert_eq!(
        (answer.status, &answer.json()["error"]["code"]),
        (StatusCode::BAD_REQUEST, &json!(-32600))
    );
}

#[tokio::test]
async fn content_types_and_methods_are_checked() {
    let server = server();
    let post = || Post::to(&server);
    let body = echo_call(1).to_string();
    assert_eq!(
        post()
            .with("content-type", "text/plain")
            .send(body.clone())
            .await
            .status,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    assert_eq!(
        post()
            .without("content-type")
            .send(body.clone())
            .await
            .status,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    assert_eq!(
        post()
            .with("accept", "text/html")
            .send(body.clone())
            .await
            .status,
        StatusCode::NOT_ACCEPTABLE
    );
    for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
        let answer = post().by(method.clone(), body.clone()).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert!(answer.header("allow").contains("POST"), "{method}");
    }
}

#[tokio::test]
async fn the_stateless_wire_checks_meta_then_headers_then_version_then_method() {
    let server = server();
    let list = |params: Value| {
        json!({"jsonrpc": "2.0", "id": 7, "method": "tools/list", "params": params}).to_string()
    };
    let post = || {
        Post::to(&server)
            .with("mcp-protocol-version", "2026-07-28")
            .with("mcp-method", "tools/list")
    };
    let version = |v: &str| {
        let mut meta = meta();
        meta["io.modelcontextprotocol/protocolVersion"] = v.into();
        json!({ "_meta": meta })
    };
    let no_capabilities =
        json!({"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}});
    for (post, params, status, code) in [
        (post(), json!({}), 400, -32602),
        (
            post().with("mcp-method", "wrong"),
            no_capabilities,
            400,
            -32602,
        ),
        (post(), version("v999"), 400, -32020),
        (
            post().without("mcp-protocol-version"),
            version("2026-07-28"),
            400,
            -32020,
        ),
        (
            post().with("mcp-protocol-version", "v999"),
            version("v999"),
            400,
            -32022,
        ),
        (
            post().with("mcp-method", "TOOLS/LIST"),
            version("2026-07-28"),
            400,
            -32020,
        ),
        (
            post().without("mcp-method"),
            version("2026-07-28"),
            400,
            -32020,
        ),
    ] {
        let answer = post.send(list(params.clone())).await;
        let got = answer.json();
        assert_eq!(
            (answer.status.as_u16(), &got["error"]["code"], &got["id"]),
            (status, &json!(code), &json!(7)),
            "{params}"
        );
    }
    for method in [
        "initialize",
        "ping",
        "logging/setLevel",
        "resources/subscribe",
        "no/such",
    ] {
        let answer = modern(&server, method, json!({})).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (StatusCode::NOT_FOUND, &json!(-32601)),
            "{method}"
        );
    }
    let data = Post::to(&server)
        .with("mcp-protocol-version", "v999")
        .send(list(version("v999")))
        .await
        .json();
    assert_eq!(data["error"]["data"]["requested"], "v999");
    assert!(
        data["error"]["data"]["supported"]
            .as_array()
            .is_some_and(|v| v.contains(&json!("2026-07-28")))
    );
}

#[tokio::test]
async fn a_name_in_a_header_must_repeat_the_body() {
    let server = server();
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                      "params": {"name": "echo", "arguments": {"message": "hi"}, "_meta": meta()}})
    .to_string();
    let post = || {
        Post::to(&server)
            .with("mcp-protocol-version", "2026-07-28")
            .with("mcp-method", "tools/call")
    };
    assert_eq!(
        post().send(call.clone()).await.json()["error"]["code"],
        -32020
    );
    assert_eq!(
        post()
            .with("mcp-name", "other")
            .send(call.clone())
            .await
            .json()["error"]["code"],
        -32020
    );
    assert_eq!(
        post()
            .with("mcp-name", "  echo  ")
            .send(call.clone())
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        post()
            .with("mcp-name", "=?base64?ZWNobw==?=")
            .send(call)
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn no_uri_stands_in_for_the_name_of_a_tool() {
    let server = server();
    let params = json!({"uri": "echo", "arguments": {"message": "hi"}, "_meta": meta()});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    let post = Post::to(&server)
        .with("mcp-protocol-version", "2026-07-28")
        .with("mcp-method", "tools/call");
    let answer = post.send(body.to_string()).await.json();
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
}

#[tokio::test]
async fn an_argument_with_a_header_must_be_repeated_there() {
    let server = server();
    let params = json!({"name": "routed", "arguments": {"region": "Hello"}});
    for (header, fine) in [
        (Some("Hello"), true),
        (Some("=?base64?SGVsbG8=?="), true),
        (Some("=?base64?SGVsbG8?="), false),
        (Some("Bye"), false),
        (None, false),
    ] {
        let mut post = Post::to(&server);
        if let Some(header) = header {
            post = post.with("mcp-param-region", header);
        }
        let answer = modern_with(post, "tools/call", params.clone()).await;
        if fine {
            assert_eq!(
                answer.json()["result"]["content"][0]["text"],
                "Hello",
                "{header:?}"
            );
        } else {
            assert_eq!(
                (answer.status.as_u16(), &answer.json()["error"]["code"]),
                (400, &json!(-32020)),
                "{header:?}"
            );
        }
    }
}

#[tokio::test]
async fn sessions_are_opened_used_and_ended() {
    let server = server();
    let session = open_session(&server, "2025-11-25").await;
    let post = || Post::to(&server).with("mcp-session-id", session.clone());
    let initialized = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}";
    assert_eq!(post().send(initialized).await.status, StatusCode::ACCEPTED);
    let ping = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";
    assert_eq!(post().send(ping).await.json()["result"], json!({}));
    assert_eq!(
        post()
            .with("mcp-protocol-version", "1999-01-01")
            .send(ping)
            .await
            .status,
        StatusCode::BAD_REQUEST
    );
    let level = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"logging/setLevel\",\"params\":{\"level\":\"debug\"}}";
    assert_eq!(post().send(level).await.json()["result"], json!({}));
    assert_eq!(
        post().by(Method::DELETE, "").await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(post().send(ping).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        post().by(Method::DELETE, "").await.status,
        StatusCode::NOT_FOUND
    );
    let without = Post::to(&server)
        .with("mcp-protocol-version", "2025-11-25")
        .send(ping)
        .await;
    assert_eq!(without.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_restart_makes_sessions_unknown_so_that_clients_begin_again() {
    let session = open_session(&server(), "2025-11-25").await;
    let answer = Post::to(&server())
        .with("mcp-session-id", session)
        .send(echo_call(1).to_string())
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_first_progress_turns_the_answer_into_a_stream() {
    let server = server();
    let params = json!({"name": "counts", "_meta": {"progressToken": 5, "io.modelcontextprotocol/logLevel": "info"}});
    let answer = modern(&server, "tools/call", params.clone()).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::OK, "text/event-stream")
    );
    assert_eq!(answer.header("x-accel-buffering"), "no");
    let events = answer.events();
    assert_eq!(events.len(), 5, "{events:?}");
    for (n, event) in events[..3].iter().enumerate() {
        assert_eq!(
            event["params"],
            json!({"progressToken": 5, "progress": n as f64 + 1.0, "total": 3.0})
        );
    }
    assert_eq!(
        events[3]["params"],
        json!({"level": "info", "data": "done"})
    );
    assert_eq!(events[4]["result"]["content"][0]["text"], "three");
    // Without `text/event-stream`, never a stream: what came before the result is dropped.
    let answer = modern_with(
        Post::to(&server).with("accept", "application/json"),
        "tools/call",
        params,
    )
    .await;
    assert_eq!(answer.json()["result"]["content"][0]["text"], "three");
    // Nobody asked for progress or logs: one object.
    let answer = modern(&server, "tools/call", json!({"name": "counts"})).await;
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn an_accept_that_ranks_streams_first_gets_one() {
    let server = server();
    for (accept, stream) in [
        ("text/event-stream, application/json", true),
        ("application/json;q=0.1, text/event-stream", true),
        (BOTH, false),
        ("*/*", false),
    ] {
        let answer = modern_with(
            Post::to(&server).with("accept", accept),
            "tools/list",
            json!({}),
        )
        .await;
        assert_eq!(
            answer.header("content-type") == "text/event-stream",
            stream,
            "{accept}"
        );
        let result = if stream {
            answer.events()[0]["result"].clone()
        } else {
            answer.json()["result"].take()
        };
        assert_eq!(
            result["tools"].as_array().map(Vec::len),
            Some(5),
            "{accept}"
        );
    }
}

#[tokio::test]
async fn a_client_that_goes_away_cancels_the_call() {
    let server = server();
    for progress in [json!({}), json!({"progressToken": 1})] {
        let (started, dropped) = LEFT.now();
        let call = modern(
            &server,
            "tools/call",
            json!({"name": "waits", "_meta": progress}),
        );
        // Dropping the request closes the connection, once the call has begun.
        tokio::select! {
            _ = call => panic!("it waits for ever"),
            () = async { while LEFT.now().0 == started { tokio::time::sleep(Duration::from_millis(5)).await } } => {}
        }
        while LEFT.now().1 == dropped {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn a_session_can_cancel_a_call_and_gets_no_answer_to_it() {
    for accept in ["application/json, text/event-stream", "application/json"] {
        cancels_in_a_session(accept).await;
    }
}

async fn cancels_in_a_session(accept: &'static str) {
    let server = server();
    let session = open_session(&server, "2025-11-25").await;
    let (started, dropped) = CANCELLED.now();
    let call = json!({"jsonrpc": "2.0", "id": "w", "method": "tools/call", "params": {"name": "waits_in_a_session"}});
    let post = Post::to(&server)
        .with("mcp-session-id", session.clone())
        .with("accept", accept);
    let cancel = async {
        while CANCELLED.now().0 == started {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "w"}});
        let other = open_session(&server, "2025-11-25").await;
        let of_another = Post::to(&server).with("mcp-session-id", other);
        assert_eq!(
            of_another.send(cancel.to_string()).await.status,
            StatusCode::ACCEPTED
        );
        assert_eq!(CANCELLED.now().1, dropped, "another session cannot");
        let post = Post::to(&server).with("mcp-session-id", session.clone());
        assert_eq!(
            post.send(cancel.to_string()).await.status,
            StatusCode::ACCEPTED
        );
    };
    let (answer, ()) = tokio::join!(post.send(call.to_string()), cancel);
    assert_eq!(answer.text, "");
    assert_eq!(CANCELLED.now().1, dropped + 1);
}

#[tokio::test]
async fn only_our_hosts_and_origins_are_answered() {
    let server = server();
    let port = server
        .authority()
        .rsplit_once(':')
        .expect("a port")
        .1
        .to_owned();
    for (host, status) in [
        (server.authority().to_owned(), 200),
        (format!("localhost:{port}"), 200),
        ("evil.test".to_owned(), 421),
        (format!("evil.test:{port}"), 421),
    ] {
        let answer = modern_with(
            Post::to(&server).with("host", host.clone()),
            "tools/list",
            json!({}),
        )
        .await;
        assert_eq!(answer.status.as_u16(), status, "{host}");
    }
    for (origin, status) in [
        ("http://localhost:6274", 200),
        ("https://evil.test", 403),
        ("null", 403),
    ] {
        let answer = modern_with(
            Post::to(&server).with("origin", origin),
            "tools/list",
            json!({}),
        )
        .await;
        assert_eq!(answer.status.as_u16(), status, "{origin}");
        let allowed = answer.header("access-control-allow-origin");
        assert_eq!(allowed, if status == 200 { origin } else { "" });
    }
    let preflight = Post::to(&server)
        .with("origin", "http://localhost:6274")
        .by(Method::OPTIONS, "")
        .await;
    assert_eq!(preflight.status, StatusCode::NO_CONTENT);
    assert!(
        preflight
            .header("access-control-allow-methods")
            .contains("POST")
    );
}

#[tokio::test]
async fn health_answers_whatever_the_host() {
    let server = server();
    let url = server.url.replace("/mcp", "/health");
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let answer = client
        .get(url)
        .header("host", "10.0.0.7")
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        (
            answer.status(),
            answer.text().await.expect("a body").as_str()
        ),
        (StatusCode::OK, "ok")
    );
}

#[tokio::test]
async fn unknown_fields_and_absent_arguments_do_no_harm() {
    let server = server();
    let session = open_session(&server, "2025-11-25").await;
    let body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"extra\":[1],\"method\":\"tools/call\",\"params\":{\"name\":\"counts\",\"new\":{}}}";
    let answer = Post::to(&server)
        .with("accept", "application/json")
        .with("mcp-session-id", session)
        .send(body)
        .await;
    assert_eq!(answer.json()["result"]["content"][0]["text"], "three");
}
