//! Lists in pages, over HTTP: whole, stable, and with cursors that nobody can make up.

use std::num::NonZeroUsize;

use mcp_runtime::prelude::*;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::open::OpenServer;
use crate::post::{Post, modern, open_session};

/// The first.
#[mcp_tool]
async fn one() {}
/// The second.
#[mcp_tool]
async fn two() {}
/// The third.
#[mcp_tool]
async fn three() {}
/// A prompt.
#[mcp_prompt]
async fn ask() -> &'static str {
    "?"
}

fn server() -> OpenServer {
    OpenServer::start(|| {
        mcp_server!("pages")
            .only(tools![one, two, three, ask])
            .page_size(NonZeroUsize::new(2).expect("not zero"))
    })
}

fn names(result: &Value) -> Vec<&str> {
    let tools = result["tools"].as_array().expect("tools").iter();
    tools.map(|t| t["name"].as_str().expect("a name")).collect()
}

#[tokio::test]
async fn cursors_lead_through_the_whole_list_on_both_wires() {
    let server = server();
    let first = modern(&server, "tools/list", json!({})).await.json()["result"].take();
    assert_eq!(names(&first), ["one", "two"]);
    let cursor = &first["nextCursor"];
    let second = modern(&server, "tools/list", json!({"cursor": cursor}))
        .await
        .json()["result"]
        .take();
    assert_eq!(
        (names(&second), &second["nextCursor"]),
        (vec!["three"], &Value::Null)
    );
    assert_eq!(
        (&second["ttlMs"], &second["cacheScope"]),
        (&first["ttlMs"], &first["cacheScope"])
    );

    let session = open_session(&server, "2025-11-25").await;
    let post = Post::to(&server).with("mcp-session-id", session);
    let list =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"cursor": cursor}});
    let legacy = post.send(list.to_string()).await.json()["result"].take();
    assert_eq!(names(&legacy), ["three"]);
    assert_eq!(legacy["resultType"], Value::Null);
}

#[tokio::test]
async fn a_cursor_that_is_not_ours_is_invalid_params() {
    let server = server();
    let cursor =
        modern(&server, "tools/list", json!({})).await.json()["result"]["nextCursor"].take();
    for (method, cursor) in [
        ("tools/list", json!("")),
        ("tools/list", json!("abc")),
        ("tools/list", json!(7)),
        ("prompts/list", cursor.clone()),
    ] {
        let answer = modern(&server, method, json!({"cursor": cursor})).await;
        assert_eq!(answer.json()["error"]["code"], -32602, "{method} {cursor}");
    }
    let again = server_restarted_with_the_same_items(&cursor).await;
    assert_eq!(again, StatusCode::OK, "a replica knows it too");
}

/// A cursor holds no key of one process.
async fn server_restarted_with_the_same_items(cursor: &Value) -> StatusCode {
    let other = server();
    let answer = modern(&other, "tools/list", json!({"cursor": cursor})).await;
    assert_eq!(names(&answer.json()["result"]), ["three"]);
    answer.status
}
