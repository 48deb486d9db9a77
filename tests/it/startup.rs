//! Developers' mistakes that only the whole shows are found at start-up, each in one clear sentence.

use mcp_runtime::prelude::*;
use mcp_runtime::{Items, Server};

struct Database;

/// Needs a database.
#[mcp_tool]
async fn query(database: &Database) -> u32 {
    let Database = database;
    1
}

mod other {
    use mcp_runtime::prelude::*;
    /// Has the name of another.
    #[mcp_tool(name = "query")]
    pub(super) async fn also() {}
}

/// A view.
#[mcp_ui_resource(uri = "ui://test/startup", allow(view_without_handshake))]
const VIEW: &str =
    "<!doctype html><html lang=\"en\"><head><title>V</title></head><body></body></html>";

/// Shows a view.
#[mcp_tool(ui = VIEW)]
async fn show() -> Json<Vec<u8>> {
    Json(Vec::new())
}

/// Has a pattern that cannot be enforced.
#[mcp_tool(
    schema = r#"{"type": "object", "properties": {"a": {"type": "string", "pattern": "(?!x)"}}}"#
)]
async fn lookahead() {}

async fn why(server: Server) -> String {
    server.test().await.expect_err("does not start").to_string()
}

#[tokio::test]
async fn a_type_that_nothing_provides_is_named_with_tool_and_parameter() {
    let why = why(mcp_server!("t").only(tools![query])).await;
    for part in [
        "`query`",
        "database: &",
        "startup::Database",
        "startup.rs:",
        ".state(",
    ] {
        assert!(why.contains(part), "{part} in {why}");
    }
}

#[tokio::test]
async fn a_duplicate_names_both_places() {
    let server = mcp_server!("t")
        .state(|| async { Database })
        .only(tools![query])
        .with(tools![other::also]);
    let why = why(server).await;
    assert!(
        why.contains("`query`") && why.matches("startup.rs:").count() == 2,
        "{why}"
    );
}

#[tokio::test]
async fn a_view_that_a_tool_shows_must_be_served() {
    let reason = why(mcp_server!("t").only(tools![show])).await;
    assert!(
        reason.contains("ui://test/startup") && reason.contains("`show`"),
        "{reason}"
    );
    assert!(
        mcp_server!("t")
            .only(tools![show, VIEW])
            .test()
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_server_without_items_says_how_to_link_them() {
    let why = why(mcp_server!("t").only(Items::of(&[]))).await;
    assert!(why.contains("use your_crate as _;"), "{why}");
}

#[tokio::test]
async fn a_schema_that_cannot_be_enforced_is_refused() {
    let why = why(mcp_server!("t").only(tools![lookahead])).await;
    assert!(
        why.contains("`lookahead`") && why.contains("(?!x)"),
        "{why}"
    );
}

#[test]
fn link_time_registration_finds_every_item_of_the_package_in_the_order_of_the_source() {
    let items = Items::of_package("mcp-tests");
    let places: Vec<_> = items.iter().map(|item| *item.place()).collect();
    assert!(places.is_sorted());
    let of_lists = items
        .iter()
        .filter(|item| item.place().file.ends_with("it/lists.rs"));
    assert_eq!(
        of_lists.map(|item| item.name()).collect::<Vec<_>>(),
        ["first", "second.tool"]
    );
    assert_eq!(
        Items::of_package("mcp-runtime").iter().count(),
        0,
        "a dependency's come by `with`"
    );
}
