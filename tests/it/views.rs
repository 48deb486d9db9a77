//! Views (MCP Apps): what a host reads, under which uri, and what of it is checked.

use mcp_runtime::prelude::*;
use mcp_runtime::testing::TestClient;
use serde_json::{Value, json};

/// A page whose uri changes with it.
#[mcp_ui_resource(uri = "ui://test/versioned", versioned, bridge = true)]
const VERSIONED: &str = "<!doctype html>\n<html lang=\"en\"><head><title>V</title></head>";

/// A page as bytes, kept for an hour.
#[mcp_ui_resource(uri = "ui://test/bytes", blob, ttl = "1h", bridge)]
const BYTES: &str = "<!doctype html><title>B</title>";

/// A page that is the same for everyone.
#[mcp_ui_resource(uri = "ui://test/rendered", ttl = "1m")]
async fn rendered() -> String {
    "<!doctype html><title>R</title><script src=\"late.js\"></script>".into()
}

/// A page of one's own.
#[mcp_ui_resource(uri = "ui://test/own", bridge)]
async fn own(user: &User) -> Result<String, String> {
    Ok(format!("<!doctype html><html><head><title>{user}</title>"))
}

#[mcp_type]
struct Sum {
    total: u32,
}

/// Shows a sum.
#[mcp_tool(ui = VERSIONED)]
async fn show() -> Json<Sum> {
    Json(Sum { total: 7 })
}

/// Shows a sum, in a copy too.
#[mcp_tool(ui = own)]
async fn show_own(_user: &User) -> UiResult<Sum> {
    UiResult::new(Sum { total: 7 }).embed(Embed::Always)
}

/// For the view alone.
#[mcp_tool(visibility(app))]
async fn refresh() -> Json<Sum> {
    Json(Sum { total: 8 })
}

fn server() -> mcp_runtime::Server {
    mcp_server!("Views").only(tools![
        VERSIONED, BYTES, rendered, own, show, show_own, refresh
    ])
}

async fn client() -> TestClient {
    server().test().await.expect("a server").as_user("alice")
}

async fn read(client: &mut TestClient, uri: &str) -> Value {
    let read = client.request("resources/read", json!({ "uri": uri }));
    read.await.expect("contents")
}

async fn tool_meta(client: &mut TestClient, name: &str) -> Value {
    let tools = client.list_tools().await.expect("a list");
    let tool = tools.iter().find(|t| t["name"] == name).expect("the tool");
    tool["_meta"].clone()
}

#[tokio::test]
async fn a_versioned_view_is_named_with_its_hash_and_read_with_any() {
    let mut client = client().await;
    let meta = tool_meta(&mut client, "show").await;
    let uri = meta["ui"]["resourceUri"]
        .as_str()
        .expect("a uri")
        .to_owned();
    let (base, hash) = uri.split_once("?v=").expect("a version");
    assert_eq!(base, "ui://test/versioned");
    assert!(
        hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()),
        "{hash}"
    );
    assert_eq!(meta["ui/resourceUri"], uri);
    let listed = client
        .request("resources/list", json!({}))
        .await
        .expect("a list");
    let listed = listed["resources"].as_array().expect("a list");
    assert!(listed.iter().any(|r| r["uri"] == uri), "{listed:?}");
    let current = read(&mut client, &uri).await["contents"][0]["text"].clone();
    for uri in [
        &uri,
        "ui://test/versioned",
        "ui://test/versioned?v=0123456789abcdef",
    ] {
        let read = read(&mut client, uri).await;
        assert_eq!(
            read["contents"][0]["uri"], *uri,
            "under the uri that was asked"
        );
        assert_eq!(read["contents"][0]["text"], current);
    }
    let other = client.request("resources/read", json!({ "uri": "ui://test/other?v=1" }));
    assert_eq!(other.await.expect_err("not there").code, -32602);
}

#[tokio::test]
async fn the_bridge_is_the_first_thing_in_the_head() {
    let mut client = client().await;
    let page = read(&mut client, "ui://test/versioned").await;
    let page = page["contents"][0]["text"].as_str().expect("text");
    let expected =
        "<!doctype html>\n<html lang=\"en\"><head>\n<script data-name=\"VERSIONED\" data-version=";
    assert!(page.starts_with(expected), "{page}");
    assert!(
        page.contains("ui/initialize") && page.ends_with("</script>\n<title>V</title></head>"),
        "{page}"
    );
}

#[tokio::test]
async fn a_view_goes_out_as_bytes_and_with_its_cache_hints() {
    let mut client = client().await;
    let bytes = read(&mut client, "ui://test/bytes").await;
    assert!(bytes["contents"][0]["blob"].is_string() && bytes["contents"][0]["text"].is_null());
    assert_eq!(
        bytes["contents"][0]["mimeType"],
        "text/html;profile=mcp-app"
    );
    let mut hints = async |uri: &str| {
        let read = read(&mut client, uri).await;
        (read["ttlMs"].clone(), read["cacheScope"].clone())
    };
    assert_eq!(
        hints("ui://test/bytes").await,
        (json!(3_600_000), json!("public"))
    );
    assert_eq!(
        hints("ui://test/rendered").await,
        (json!(60_000), json!("public"))
    );
    assert_eq!(hints("ui://test/own").await, (json!(0), json!("private")));
}

#[tokio::test]
async fn a_rendered_view_has_its_bridge_and_its_filled_copy() {
    let mut client = client().await;
    let answer = client.call("show_own", json!({})).await.expect("a result");
    let copy = answer.0["content"][1]["resource"]["text"]
        .as_str()
        .expect("html");
    assert!(
        copy.contains("<title>alice</title>") && copy.contains("ui/initialize"),
        "{copy}"
    );
    assert!(
        copy.contains("id=\"mcp-structured-content\">{\"total\":7}</script>"),
        "{copy}"
    );
    // Where it cannot be rendered, the tool's own result still stands.
    assert_eq!(answer.structured(), &json!({ "total": 7 }));
}

#[tokio::test]
async fn a_tool_for_the_view_alone_says_so() {
    let meta = tool_meta(&mut client().await, "refresh").await;
    assert_eq!(meta, json!({ "ui": { "visibility": ["app"] } }));
}

#[tokio::test]
async fn the_flat_key_can_be_left_out() {
    let mut client = server().flat_ui_key(false).test().await.expect("a server");
    let meta = tool_meta(&mut client, "show").await;
    assert!(
        meta["ui"]["resourceUri"].is_string() && meta["ui/resourceUri"].is_null(),
        "{meta}"
    );
}
