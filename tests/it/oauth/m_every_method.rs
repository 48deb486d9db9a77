//! Section M: no method of the protocol, and no way to the endpoint, is open to those without a token.

use reqwest::Method;
use serde_json::json;

use crate::support::{Flow, Setup, TestServer};

/// Every method of both wires, one that nobody knows, and notifications.
const METHODS: &[&str] = &[
    "initialize",
    "server/discover",
    "ping",
    "tools/list",
    "tools/call",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "resources/subscribe",
    "resources/unsubscribe",
    "resources/directory/read",
    "prompts/list",
    "prompts/get",
    "completion/complete",
    "logging/setLevel",
    "subscriptions/listen",
    "skills/list",
    "skills/get",
    "tasks/get",
    "tasks/update",
    "tasks/cancel",
    "notifications/initialized",
    "notifications/cancelled",
    "no/such",
];

const POST: [(&str, &str); 2] = [
    ("content-type", "application/json"),
    ("accept", "application/json, text/event-stream"),
];

fn body(method: &str, modern: bool) -> String {
    let mut params = json!({ "name": "whoami", "uri": "test://x", "taskId": "t", "requestId": 1, "level": "info" });
    if modern {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {}
        });
    }
    let mut message = json!({ "jsonrpc": "2.0", "method": method, "params": params });
    if !method.starts_with("notifications/") {
        message["id"] = 1.into();
    }
    message.to_string()
}

#[tokio::test]
async fn item_90_every_method_needs_a_token_on_both_wires() {
    let server = TestServer::start();
    for method in METHODS {
        for version in ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"] {
            let modern = version == "2026-07-28";
            for bearer in [
                None,
                Some("Bearer none-of-ours"),
                Some("Basic YWxpY2U6cGFzc3dvcmQxMjM="),
            ] {
                let mut headers = Vec::from(POST);
                headers.push(("mcp-protocol-version", version));
                headers.push(("mcp-method", method));
                if !modern {
                    headers.push(("mcp-session-id", "somebody-elses"));
                }
                headers.extend(bearer.map(|bearer| ("authorization", bearer)));
                let reply = server
                    .send(Method::POST, "/mcp", &headers, body(method, modern))
                    .await;
                assert_eq!(
                    reply.status, 401,
                    "{method} {version} {bearer:?}: {reply:?}"
                );
                assert!(
                    reply.header("www-authenticate").is_some(),
                    "{method}: {reply:?}"
                );
            }
        }
    }
    for method in [Method::GET, Method::DELETE] {
        for session in [None, Some("somebody-elses")] {
            let mut headers = vec![("accept", "text/event-stream")];
            headers.extend(session.map(|session| ("mcp-session-id", session)));
            headers.push(("last-event-id", "1"));
            let reply = server.send(method.clone(), "/mcp", &headers, "").await;
            assert_eq!(reply.status, 401, "{method} {session:?}: {reply:?}");
        }
    }
    // Even what is no message at all.
    for garbage in ["", "{", "[]", "\u{0}"] {
        let reply = server.send(Method::POST, "/mcp", &POST, garbage).await;
        assert_eq!(reply.status, 401, "{garbage:?}: {reply:?}");
    }
}

#[tokio::test]
async fn item_91_every_method_needs_the_base_scope_too() {
    let server = Setup::new().start();
    let mut flow = Flow::new(&server).await;
    let request = flow.request().set("scope", "dice:roll");
    let code = flow.code_of(&request).await;
    let answer = flow.token(&flow.redemption(&code)).await.expect(200).json();
    let bearer = format!(
        "Bearer {}",
        answer["access_token"].as_str().expect("a token")
    );
    for method in METHODS {
        let mut headers = Vec::from(POST);
        headers.extend([
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", method),
            ("authorization", bearer.as_str()),
        ]);
        let reply = server
            .send(Method::POST, "/mcp", &headers, body(method, true))
            .await;
        assert_eq!(reply.status, 403, "{method}: {reply:?}");
        let challenge = reply.header("www-authenticate").unwrap_or_default();
        assert!(
            challenge.contains("insufficient_scope"),
            "{method}: {challenge}"
        );
    }
}
