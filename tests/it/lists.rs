//! Lists and capabilities: exactly what is there, in a stable order, on both wires.

use mcp_runtime::prelude::*;
use serde_json::json;

/// The first.
#[mcp_tool(
    title = "First",
    read_only,
    destructive = false,
    idempotent,
    open_world = false,
    icons(icon(src = "https://acme.test/i.png", mime = "image/png", sizes("48x48")))
)]
async fn first() {}
/// The second.
#[mcp_tool(name = "second.tool")]
async fn second() {}

#[tokio::test]
async fn a_tool_is_listed_with_all_that_it_says_of_itself() {
    let mut client = mcp_server!("lists")
        .only(tools![first, second])
        .test()
        .await
        .expect("starts");
    assert_eq!(
        client
            .request("tools/list", json!({}))
            .await
            .expect("a list"),
        json!({
            "tools": [
                {
                    "name": "first", "title": "First", "description": "The first.",
                    "inputSchema": {"type": "object", "properties": {}, "additionalProperties": false},
                    "annotations": {"readOnlyHint": true, "destructiveHint": false, "idempotentHint": true,
                                    "openWorldHint": false},
                    "icons": [{"src": "https://acme.test/i.png", "mimeType": "image/png", "sizes": ["48x48"]}]
                },
                {
                    "name": "second.tool", "description": "The second.",
                    "inputSchema": {"type": "object", "properties": {}, "additionalProperties": false}
                }
            ],
            "resultType": "complete", "ttlMs": 300_000, "cacheScope": "public"
        })
    );
}

#[tokio::test]
async fn only_what_is_served_is_advertised_and_answered() {
    let mut client = mcp_server!("lists")
        .version("9.9")
        .title("Lists")
        .instructions("Be brief.")
        .extension("com.example/search", json!({"fast": true}))
        .only(tools![first])
        .test()
        .await
        .expect("starts");
    let found = client
        .request("server/discover", json!({}))
        .await
        .expect("a result");
    assert_eq!(
        found["capabilities"],
        json!({"tools": {}, "logging": {}, "extensions": {"com.example/search": {"fast": true}}})
    );
    assert_eq!(found["instructions"], "Be brief.");
    assert_eq!(
        found["_meta"]["io.modelcontextprotocol/serverInfo"],
        json!({"name": "lists", "version": "9.9", "title": "Lists"})
    );
    for method in [
        "prompts/list",
        "resources/list",
        "resources/read",
        "ping",
        "initialize",
        "no/such",
    ] {
        let error = client.request(method, json!({})).await.expect_err(method);
        assert_eq!(error.code, -32601, "{method}");
    }
}

#[tokio::test]
async fn a_cursor_that_was_never_handed_out_is_refused() {
    let mut client = mcp_server!("lists")
        .only(tools![first])
        .test()
        .await
        .expect("starts");
    let error = client
        .request("tools/list", json!({"cursor": "x"}))
        .await
        .expect_err("refused");
    assert_eq!(error.code, -32602);
}
