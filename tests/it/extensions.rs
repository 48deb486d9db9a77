//! Extensions of a user's own (SEP-2133).

use mcp_runtime::Server;
use mcp_runtime::prelude::*;
use serde_json::{Value, json};

/// Something to serve.
#[mcp_tool]
async fn anything() {}

fn server(name: &str, settings: Value) -> Server {
    mcp_server!("extensions")
        .only(tools![anything])
        .extension(name, settings)
}

#[tokio::test]
async fn an_extension_is_advertised_on_both_wires() {
    let settings = json!({ "languages": ["en", "de"] });
    let mut client = server("com.example/search", settings.clone())
        .extension("org.example/plain", json!({}))
        .test()
        .await
        .expect("starts");
    let expected = json!({ "com.example/search": settings, "org.example/plain": {} });
    let modern = client
        .request("server/discover", json!({}))
        .await
        .expect("a result");
    assert_eq!(modern["capabilities"]["extensions"], expected);
    for version in ["2025-11-25", "2025-06-18", "2025-03-26"] {
        let mut client = server("com.example/search", settings.clone())
            .extension("org.example/plain", json!({}))
            .test()
            .await
            .expect("starts");
        let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "old", "version": "1"}}});
        client.send_raw(&hello.to_string()).await.expect("sent");
        let line = client.receive_raw().await.expect("a line");
        let legacy: Value = serde_json::from_str(&line).expect("json");
        assert_eq!(
            legacy["result"]["capabilities"]["extensions"], expected,
            "{version}"
        );
    }
}

#[tokio::test]
async fn a_name_without_prefix_and_settings_that_are_no_object_stop_the_start() {
    for (name, settings, expected) in [
        ("search", json!({}), "com.example/search"),
        ("/search", json!({}), "prefix"),
        ("com.example/", json!({}), "prefix"),
        ("com example/search", json!({}), "prefix"),
        (
            "com.example/search",
            json!(true),
            "must be a JSON object, not true",
        ),
    ] {
        let refused = server(name, settings).test().await.expect_err(name);
        assert!(refused.to_string().contains(expected), "{name}: {refused}");
    }
}
