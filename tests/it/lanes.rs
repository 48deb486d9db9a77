//! The lanes for errors, never mixed; panics, time limits and cancellation.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_runtime::prelude::*;
use serde_json::{Value, json};

static DROPPED: AtomicUsize = AtomicUsize::new(0);

struct CountsDrops;
impl Drop for CountsDrops {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, Ordering::SeqCst);
    }
}

enum Own {
    ForTheModel,
    ForTheOperator,
}

impl ToolFailure for Own {
    fn into_error(self) -> Error {
        match self {
            Self::ForTheModel => Error::tool("sold out"),
            Self::ForTheOperator => Error::internal("the cellar is flooded"),
        }
    }
}

/// Fails in the lane that is asked for.
#[mcp_tool]
async fn fail(lane: &str) -> Result<String, Error> {
    match lane {
        "tool" => Err(Error::tool("try Tuesday")),
        "protocol" => Err(Error::protocol(-32050, "no").with_data(json!({"why": "so"}))),
        "internal" => Ok(std::fs::read_to_string("/db/password/hunter2")?),
        "panic" => panic!("hunter2"),
        _ => Ok("fine".into()),
    }
}
/// Fails with text.
#[mcp_tool]
async fn fail_with_text() -> Result<String, String> {
    Err("plain words".into())
}
/// Fails with a type of its own.
#[mcp_tool]
async fn fail_with_own(internal: bool) -> Result<(), Own> {
    Err(if internal {
        Own::ForTheOperator
    } else {
        Own::ForTheModel
    })
}
/// Panics on the blocking pool.
#[mcp_tool]
fn panic_blocking() -> String {
    panic!("hunter2")
}
/// Never ends.
#[mcp_tool(timeout = "50ms")]
async fn never_ends() {
    std::future::pending::<()>().await;
}
/// Waits until it is cancelled.
#[mcp_tool]
async fn waits() {
    let _counter = CountsDrops;
    tokio::time::sleep(Duration::from_secs(60)).await;
}

async fn client() -> mcp_runtime::testing::TestClient {
    let items = tools![
        fail,
        fail_with_text,
        fail_with_own,
        panic_blocking,
        never_ends,
        waits
    ];
    mcp_server!("lanes")
        .only(items)
        .test()
        .await
        .expect("starts")
}

async fn answer(tool: &str, arguments: Value) -> mcp_runtime::testing::ToolAnswer {
    client()
        .await
        .call(tool, arguments)
        .await
        .expect("a result")
}

#[tokio::test]
async fn what_the_model_should_read_is_a_result() {
    for (tool, arguments, text) in [
        ("fail", json!({"lane": "tool"}), "try Tuesday"),
        ("fail_with_text", json!({}), "plain words"),
        ("fail_with_own", json!({"internal": false}), "sold out"),
    ] {
        let answer = answer(tool, arguments).await;
        assert!(answer.is_error());
        assert_eq!(answer.text(), text);
    }
}

#[tokio::test]
async fn a_protocol_error_keeps_its_code_and_data() {
    let error = client()
        .await
        .call("fail", json!({"lane": "protocol"}))
        .await
        .expect_err("an error");
    assert_eq!(
        (error.code, error.data),
        (-32050, Some(json!({"why": "so"})))
    );
}

#[tokio::test]
async fn an_internal_error_and_a_panic_are_masked_and_the_server_lives_on() {
    let mut client = client().await;
    for (tool, arguments) in [
        ("fail", json!({"lane": "internal"})),
        ("fail", json!({"lane": "panic"})),
        ("fail_with_own", json!({"internal": true})),
        ("panic_blocking", json!({})),
    ] {
        let answer = client.call(tool, arguments).await.expect("a result");
        assert!(answer.is_error(), "{answer:?}");
        let text = answer.text();
        assert!(
            text.contains("internal reason")
                && !text.contains("hunter2")
                && !text.contains("cellar"),
            "{text}"
        );
    }
    assert_eq!(
        client
            .call("fail", json!({"lane": ""}))
            .await
            .expect("a result")
            .text(),
        "fine"
    );
}

#[tokio::test]
async fn a_tool_past_its_limit_is_stopped_and_says_so() {
    let answer = answer("never_ends", json!({})).await;
    assert!(
        answer.is_error() && answer.text().contains("limit of 50 ms"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn an_unknown_tool_is_an_error_of_the_request() {
    let error = client()
        .await
        .call("none", json!({}))
        .await
        .expect_err("an error");
    assert_eq!(error.code, -32602);
    assert!(error.message.contains("`none`"), "{error:?}");
}

#[tokio::test]
async fn a_cancelled_call_is_dropped_and_gets_no_answer() {
    let mut client = client().await;
    let before = DROPPED.load(Ordering::SeqCst);
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {}
    });
    let call = json!({"jsonrpc": "2.0", "id": "c1", "method": "tools/call", "params": {"name": "waits", "_meta": meta}});
    client.send_raw(&call.to_string()).await.expect("sent");
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "c1"}});
    // The call has begun once the answer to a later request is there.
    client
        .call("fail", json!({"lane": ""}))
        .await
        .expect("a result");
    client.send_raw(&cancel.to_string()).await.expect("sent");
    client
        .call("fail", json!({"lane": ""}))
        .await
        .expect("a result");
    while DROPPED.load(Ordering::SeqCst) == before {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        client.take_notifications(),
        Vec::<Value>::new(),
        "nothing was sent for the cancelled call"
    );
}
