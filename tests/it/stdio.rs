//! The wire over a pair of pipes: framing, both protocols, bad input.

use mcp_runtime::prelude::*;
use mcp_runtime::testing::TestClient;
use serde_json::{Value, json};

/// Repeats.
#[mcp_tool]
async fn echo(ctx: &Context, message: String) -> String {
    ctx.log(LogLevel::Info, "heard");
    format!("{message} {}", ctx.protocol_version())
}

async fn client() -> TestClient {
    mcp_server!("stdio")
        .only(tools![echo])
        .test()
        .await
        .expect("starts")
}

async fn exchange(client: &mut TestClient, line: &str) -> Value {
    client.send_raw(line).await.expect("sent");
    serde_json::from_str(&client.receive_raw().await.expect("a line")).expect("json")
}

#[tokio::test]
async fn bad_lines_get_their_error_and_the_next_line_its_answer() {
    let mut client = client().await;
    for (line, code) in [
        ("{", -32700),
        ("[]", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":1}", -32600),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}",
            -32600,
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2031-01-01\"}}}",
            -32022,
        ),
    ] {
        assert_eq!(
            exchange(&mut client, line).await["error"]["code"],
            code,
            "{line}"
        );
    }
    assert_eq!(
        client
            .call("echo", json!({"message": "on"}))
            .await
            .expect("a result")
            .text(),
        "on 2026-07-28"
    );
}

#[tokio::test]
async fn a_line_over_the_limit_is_refused_and_skipped() {
    let mut client = client().await;
    let huge = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{}\"}}",
        "x".repeat(5 * 1024 * 1024)
    );
    assert_eq!(exchange(&mut client, &huge).await["error"]["code"], -32600);
    assert_eq!(
        client
            .call("echo", json!({"message": "on"}))
            .await
            .expect("a result")
            .text(),
        "on 2026-07-28"
    );
}

#[tokio::test]
async fn the_older_wire_begins_with_initialize() {
    let mut client = client().await;
    let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "old", "version": "1"}}});
    let answer = exchange(&mut client, &hello.to_string()).await;
    assert_eq!(answer["result"]["protocolVersion"], "2025-06-18");
    client
        .send_raw("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}")
        .await
        .expect("sent");
    let ping = exchange(
        &mut client,
        "{\"jsonrpc\":\"2.0\",\"id\":\"p\",\"method\":\"ping\"}",
    )
    .await;
    assert_eq!(ping, json!({"jsonrpc": "2.0", "id": "p", "result": {}}));
    let call = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call",
                      "params": {"name": "echo", "arguments": {"message": "hi"}}});
    let log = exchange(&mut client, &call.to_string()).await;
    assert_eq!(log["method"], "notifications/message");
    let answer: Value =
        serde_json::from_str(&client.receive_raw().await.expect("a line")).expect("json");
    assert_eq!(
        answer["result"],
        json!({"content": [{"type": "text", "text": "hi 2025-06-18"}]})
    );
    let quiet = json!({"jsonrpc": "2.0", "id": 3, "method": "logging/setLevel", "params": {"level": "error"}});
    assert_eq!(
        exchange(&mut client, &quiet.to_string()).await["result"],
        json!({})
    );
    let answer = exchange(
        &mut client,
        &call.to_string().replace("\"id\":2", "\"id\":4"),
    )
    .await;
    assert_eq!(answer["id"], 4, "no log message came before it");
}

#[tokio::test]
async fn an_unknown_version_is_answered_with_one_that_is_spoken() {
    let mut client = client().await;
    let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "old", "version": "1"}}});
    assert_eq!(
        exchange(&mut client, &hello.to_string()).await["result"]["protocolVersion"],
        "2025-11-25"
    );
}

#[tokio::test]
async fn answers_are_written_though_the_input_has_ended() {
    let mut client = client().await;
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
    "name": "echo", "arguments": {"message": "last"}, "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {}
    }}});
    client.send_raw(&call.to_string()).await.expect("sent");
    client.end().await.expect("ended");
    let answer: Value =
        serde_json::from_str(&client.receive_raw().await.expect("a line")).expect("json");
    assert_eq!(answer["result"]["content"][0]["text"], "last 2026-07-28");
    assert!(
        client.receive_raw().await.is_err(),
        "and then the output ends"
    );
}
