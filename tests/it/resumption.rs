//! Streams of the older wires that break, and clients that come back to them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_runtime::prelude::*;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::open::OpenServer;
use crate::post::{BOTH, Post, modern, open_session};
use crate::stream::{Event, Stream};

static STEP: Semaphore = Semaphore::const_new(0);
static RUNS: AtomicUsize = AtomicUsize::new(0);

/// Counts to three, each time when the test says so.
#[mcp_tool]
async fn steps(ctx: &Context) -> &'static str {
    RUNS.fetch_add(1, Ordering::SeqCst);
    for n in 1..=3 {
        ctx.progress(f64::from(n), Some(3.0), None);
        STEP.acquire().await.expect("open").forget();
    }
    "three"
}
/// Lets its client go before it answers.
#[mcp_tool]
async fn long(ctx: &Context) -> &'static str {
    ctx.progress(1.0, None, None);
    ctx.let_client_poll();
    tokio::time::sleep(Duration::from_millis(50)).await;
    "done"
}

fn server() -> OpenServer {
    OpenServer::start(|| mcp_server!("resumption").only(tools![steps, long]))
}

fn call(tool: &str) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
           "params": {"name": tool, "_meta": {"progressToken": "p"}}})
    .to_string()
}

fn coming_back<'s>(server: &'s OpenServer, session: &str, last: &Event) -> Post<'s> {
    Post::to(server)
        .with("mcp-session-id", session)
        .with("last-event-id", last.id.clone().expect("an id"))
}

#[tokio::test]
async fn a_client_whose_stream_broke_gets_what_it_missed_and_the_call_runs_once() {
    let server = server();
    let session = open_session(&server, "2025-11-25").await;
    let post = Post::to(&server).with("mcp-session-id", session.clone());
    let mut stream = Stream::open(&post, Method::POST, call("steps")).await;
    let primed = stream.next().await.expect("an event");
    assert_eq!((primed.data.as_str(), primed.retry.is_some()), ("", true));
    let first = stream.next().await.expect("an event");
    assert_eq!(first.json()["params"]["progress"], 1.0);
    drop(stream);

    STEP.add_permits(1);
    let post = coming_back(&server, &session, &first);
    let mut stream = Stream::open(&post, Method::GET, String::new()).await;
    let second = stream.next().await.expect("an event");
    assert_eq!(second.json()["params"]["progress"], 2.0);
    drop(stream);

    // From the first event on again: what was sent twice is still there.
    STEP.add_permits(2);
    let post = coming_back(&server, &session, &primed);
    let mut stream = Stream::open(&post, Method::GET, String::new()).await;
    for n in [1.0, 2.0, 3.0] {
        assert_eq!(stream.message().await["params"]["progress"], n);
    }
    let last = stream.next().await.expect("an event");
    assert_eq!(last.json()["id"], 1);
    assert_eq!(last.json()["result"]["content"][0]["text"], "three");
    assert_eq!(stream.next().await, None);
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);

    let post = coming_back(&server, &session, &last);
    let nothing = post.by(Method::GET, "").await;
    assert_eq!(nothing.status, StatusCode::BAD_REQUEST, "{}", nothing.text);
}

#[tokio::test]
async fn a_stream_is_resumed_in_its_own_session_only() {
    let server = server();
    let session = open_session(&server, "2025-11-25").await;
    let post = Post::to(&server).with("mcp-session-id", session.clone());
    let mut stream = Stream::open(&post, Method::POST, call("long")).await;
    let primed = stream.next().await.expect("an event");
    let other = open_session(&server, "2025-11-25").await;
    let answer = coming_back(&server, &other, &primed)
        .by(Method::GET, "")
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    for bad in ["", "x", "1-1", "1", "zz-0", "-"] {
        let post = Post::to(&server)
            .with("mcp-session-id", session.clone())
            .with("last-event-id", bad);
        assert_eq!(
            post.by(Method::GET, "").await.status,
            StatusCode::BAD_REQUEST,
            "{bad}"
        );
    }
}

#[tokio::test]
async fn a_tool_can_let_its_client_go_and_answer_when_it_is_back() {
    let server = server();
    let session = open_session(&server, "2025-11-25").await;
    let post = Post::to(&server).with("mcp-session-id", session.clone());
    let mut stream = Stream::open(&post, Method::POST, call("long")).await;
    let mut last = None;
    while let Some(event) = stream.next().await {
        assert!(
            event.data.is_empty() || event.json()["id"].is_null(),
            "{event:?}"
        );
        last = Some(event);
    }
    let post = coming_back(&server, &session, &last.expect("an event"));
    let mut stream = Stream::open(&post, Method::GET, String::new()).await;
    assert_eq!(
        stream.message().await["result"]["content"][0]["text"],
        "done"
    );
}

#[tokio::test]
async fn where_a_client_cannot_poll_it_is_not_let_go() {
    let server = server();
    // An earlier revision, and the stateless wire.
    let session = open_session(&server, "2025-06-18").await;
    let post = Post::to(&server).with("mcp-session-id", session);
    let answer = post.send(call("long")).await;
    assert_eq!(
        answer.events().last().expect("an event")["result"]["content"][0]["text"],
        "done"
    );
    let params = json!({"name": "long", "_meta": {"progressToken": "p"}});
    let answer = modern(&server, "tools/call", params).await;
    assert_eq!(
        answer.events().last().expect("an event")["result"]["content"][0]["text"],
        "done"
    );
    assert!(
        !answer.text.contains("id: "),
        "nothing to come back to: {}",
        answer.text
    );
}

#[tokio::test]
async fn an_answer_without_messages_before_it_stays_one_object() {
    let server = server();
    let session = open_session(&server, "2025-11-25").await;
    let post = Post::to(&server)
        .with("mcp-session-id", session)
        .with("accept", BOTH);
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let answer = post.send(list.to_string()).await;
    assert_eq!(answer.header("content-type"), "application/json");
}
