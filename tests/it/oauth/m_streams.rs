//! Section M on streams: a stream is good for as long as the token that opened it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::support::{Flow, Params, Reply, TestServer};

/// Calls the tool that never ends, as a stream.
async fn linger(server: &TestServer, credentials: &[(&str, &str)]) -> Reply {
    let mut headers = vec![
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/call"),
        ("mcp-name", "linger"),
    ];
    headers.extend(credentials);
    let body = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {
            "name": "linger", "arguments": {},
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
                "io.modelcontextprotocol/clientCapabilities": {},
                "progressToken": "p",
            },
        },
    });
    server
        .send(Method::POST, "/mcp", &headers, body.to_string())
        .await
}

/// Waits for the end of a stream, which must come within the bound of a revocation and some room.
pub(super) async fn ended(stream: JoinHandle<Reply>, since: Instant) -> Reply {
    let within = Duration::from_secs(10);
    let reply = tokio::time::timeout(within, stream)
        .await
        .unwrap_or_else(|_| panic!("still open after {:?}", since.elapsed()))
        .expect("no panic");
    assert_eq!(reply.status, 200, "{reply:?}");
    // It began, and it has no result.
    assert!(reply.body.contains("notifications/progress"), "{reply:?}");
    assert!(!reply.body.contains("\"result\""), "{reply:?}");
    reply
}

async fn open(server: &Arc<TestServer>, token: &str) -> JoinHandle<Reply> {
    open_with(server, &[("authorization", &format!("Bearer {token}"))]).await
}

/// Opens the stream by these headers.
pub(super) async fn open_with(server: &Arc<TestServer>, by: &[(&str, &str)]) -> JoinHandle<Reply> {
    let server = server.clone();
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let by: Vec<(String, String)> = by.iter().map(owned).collect();
    let stream = tokio::spawn(async move {
        let by: Vec<_> = by.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        linger(&server, &by).await
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!stream.is_finished(), "{:?}", stream.await);
    stream
}

#[tokio::test]
async fn item_94_a_stream_ends_when_its_token_does() {
    let server = Arc::new(TestServer::start());
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    let stream = open(&server, &tokens.access).await;
    server.clock.advance(Duration::from_secs(601));
    ended(stream, Instant::now()).await;
}

#[tokio::test]
async fn item_94_a_stream_ends_when_its_grant_is_revoked() {
    let server = Arc::new(TestServer::start());
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    let mut other = Flow::new(&server).await;
    let others = other.tokens().await;
    let kept = open(&server, &others.access).await;
    let stream = open(&server, &tokens.access).await;
    let form = flow.as_client(Params::of(&[("token", &tokens.refresh)]));
    server.form("/revoke", &[], &form).await.expect(200);
    ended(stream, Instant::now()).await;
    assert!(!kept.is_finished(), "that of another grant goes on");
    kept.abort();
}
