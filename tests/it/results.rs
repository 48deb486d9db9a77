//! What a tool, a resource and a prompt may return.

use mcp_runtime::prelude::*;
use mcp_runtime::{Annotations, Role};
use serde_json::{Value, json};

/// A sum.
#[mcp_type]
struct Sum {
    total: i64,
}

/// Returns text.
#[mcp_tool]
async fn text() -> &'static str {
    "hello"
}
/// Returns a number.
#[mcp_tool]
async fn number() -> f64 {
    2.5
}
/// Returns nothing.
#[mcp_tool]
async fn nothing() {}
/// Returns a structured value.
#[mcp_tool]
async fn structured() -> Json<Sum> {
    Json(Sum { total: 5 })
}
/// What may be missing.
#[mcp_type]
struct Sparse {
    there: u8,
    missing: Option<String>,
    nested: Vec<Option<u8>>,
}
/// Returns a value with gaps.
#[mcp_tool]
async fn sparse() -> Json<Sparse> {
    Json(Sparse {
        there: 1,
        missing: None,
        nested: vec![None, Some(2)],
    })
}
/// Returns a list.
#[mcp_tool]
async fn list() -> Json<Vec<i64>> {
    Json(vec![1, 2])
}
/// Returns a picture.
#[mcp_tool]
async fn image() -> Image {
    Image::new(b"png", "image/png").annotate(Annotations::audience([Role::User]))
}
/// Returns a sound.
#[mcp_tool]
async fn audio() -> Audio {
    Audio::new(b"wav", "audio/wav")
}
/// Returns blocks.
#[mcp_tool]
async fn blocks() -> Vec<Content> {
    let contents = ResourceContents::text("x://a", "inside").mime_type("text/plain");
    vec![
        Content::text("one"),
        Image::new(b"png", "image/png").into(),
        ResourceLink::new("x://b", "b")
            .description("Further on.")
            .into(),
        EmbeddedResource::new(contents).into(),
    ]
}
type Outcome<T> = mcp_runtime::Result<T>;
/// Returns through an alias of `Result`.
#[mcp_tool]
async fn aliased() -> Outcome<Json<Sum>> {
    Ok(Json(Sum { total: 1 }))
}

/// A card.
#[mcp_ui_resource(
    uri = "ui://test/card",
    csp(connect("https://api.test")),
    permissions(camera),
    domain = "card.test",
    allow(view_without_handshake, unused_origin)
)]
const CARD: &str =
    "<!doctype html><html lang=\"en\"><head><title>Card</title></head><body></body></html>";

/// Shows the card.
#[mcp_tool(ui = CARD, visibility(app))]
async fn show(embed: bool) -> UiResult<Sum> {
    let embed = if embed { Embed::Fallback } else { Embed::Never };
    UiResult::new(Sum { total: 7 })
        .text("Seven.")
        .meta("example.test/extra", json!(1))
        .embed(embed)
}

/// A fixed text.
#[mcp_resource(
    uri = "x://text",
    mime_type = "text/markdown",
    audience(assistant),
    priority = 0.5
)]
async fn fixed() -> &'static str {
    "# Text"
}
/// Some bytes.
#[mcp_resource(uri = "x://bytes", mime_type = "image/png")]
fn bytes() -> Vec<u8> {
    vec![0, 1, 2]
}
/// A family.
#[mcp_resource(uri = "x://item/{id}/{name}")]
async fn family(
    /// The number.
    id: u32,
    name: String,
) -> Json<Value> {
    Json(json!({ "id": id, "name": name }))
}

/// Ask about a topic.
#[mcp_prompt(title = "Ask")]
async fn ask(
    /// What to ask about.
    topic: String,
    #[arg(default = 2, range(1..=3))] times: u32,
) -> Vec<PromptMessage> {
    vec![
        PromptMessage::user(format!("Tell me {times} things about {topic}.")),
        PromptMessage::assistant(Content::text("Gladly.")),
    ]
}

async fn client() -> mcp_runtime::testing::TestClient {
    let items = tools![
        text, number, nothing, structured, sparse, list, image, audio, blocks, aliased, show, CARD,
        fixed, bytes, family, ask
    ];
    mcp_server!("results")
        .only(items)
        .test()
        .await
        .expect("starts")
}

async fn result(tool: &str) -> Value {
    client()
        .await
        .call(tool, json!({}))
        .await
        .expect("a result")
        .0
}

#[tokio::test]
async fn simple_values_become_text() {
    assert_eq!(
        result("text").await,
        json!({"content": [{"type": "text", "text": "hello"}], "resultType": "complete"})
    );
    assert_eq!(
        result("number").await["content"],
        json!([{"type": "text", "text": "2.5"}])
    );
    assert_eq!(result("nothing").await["content"], json!([]));
}

#[tokio::test]
async fn a_json_value_is_structured_and_text_with_an_output_schema() {
    let answer = result("structured").await;
    assert_eq!(answer["structuredContent"], json!({"total": 5}));
    assert_eq!(answer["content"][0]["text"], "{\"total\":5}");
    let tools = client().await.list_tools().await.expect("a list");
    for name in ["structured", "aliased"] {
        let tool = tools.iter().find(|t| t["name"] == name).expect("listed");
        assert_eq!(tool["outputSchema"]["required"], json!(["total"]), "{name}");
    }
    let text = tools.iter().find(|t| t["name"] == "text").expect("listed");
    assert_eq!(text.get("outputSchema"), None);
    assert_eq!(result("list").await["structuredContent"], json!([1, 2]));
}

#[tokio::test]
async fn blocks_go_over_the_wire_as_the_specification_names_them() {
    assert_eq!(
        result("image").await["content"],
        json!([{"type": "image", "data": "cG5n", "mimeType": "image/png", "annotations": {"audience": ["user"]}}])
    );
    assert_eq!(
        result("audio").await["content"],
        json!([{"type": "audio", "data": "d2F2", "mimeType": "audio/wav"}])
    );
    assert_eq!(
        result("blocks").await["content"],
        json!([
            {"type": "text", "text": "one"},
            {"type": "image", "data": "cG5n", "mimeType": "image/png"},
            {"type": "resource_link", "uri": "x://b", "name": "b", "description": "Further on."},
            {"type": "resource", "resource": {"uri": "x://a", "mimeType": "text/plain", "text": "inside"}}
        ])
    );
}

#[tokio::test]
async fn a_view_is_linked_listed_and_read_with_its_metadata() {
    let mut client = client().await;
    let tools = client.list_tools().await.expect("a list");
    let show = tools.iter().find(|t| t["name"] == "show").expect("listed");
    assert_eq!(
        show["_meta"],
        json!({"ui/resourceUri": "ui://test/card", "ui": {"resourceUri": "ui://test/card", "visibility": ["app"]}})
    );
    let meta = json!({"ui": {
        "csp": {"connectDomains": ["https://api.test"], "resourceDomains": [], "frameDomains": [], "baseUriDomains": []},
        "permissions": {"camera": {}},
        "domain": "card.test"
    }});
    let listed = client
        .request("resources/list", json!({}))
        .await
        .expect("a list");
    let card = listed["resources"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|r| r["uri"] == "ui://test/card");
    assert_eq!(card.expect("listed")["_meta"], meta);
    let read = client
        .request("resources/read", json!({"uri": "ui://test/card"}))
        .await
        .expect("contents");
    assert_eq!(read["contents"][0]["mimeType"], "text/html;profile=mcp-app");
    assert_eq!(read["contents"][0]["_meta"], meta);
    assert_eq!(read["contents"][0]["text"], CARD);
}

#[tokio::test]
async fn the_filled_copy_goes_to_clients_without_mcp_apps_only() {
    let mut plain = client().await;
    let answer = plain
        .call("show", json!({"embed": true}))
        .await
        .expect("a result");
    assert_eq!(
        (answer.text(), answer.structured()),
        ("Seven.".into(), &json!({"total": 7}))
    );
    assert_eq!(answer.0["_meta"], json!({"example.test/extra": 1}));
    let copy = &answer.0["content"][1];
    assert_eq!(copy["annotations"], json!({"audience": ["user"]}));
    assert!(
        copy["resource"]["text"]
            .as_str()
            .expect("html")
            .contains("{\"total\":7}")
    );
    let answer = plain
        .call("show", json!({"embed": false}))
        .await
        .expect("a result");
    assert_eq!(answer.0["content"].as_array().map(Vec::len), Some(1));
    let apps = json!({"extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html;profile=mcp-app"]}}});
    let answer = client()
        .await
        .with_capabilities(apps)
        .call("show", json!({"embed": true}))
        .await
        .expect("a result");
    assert_eq!(answer.0["content"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn resources_are_read_by_uri_and_by_template() {
    let mut client = client().await;
    let mut read = async |uri: &str| {
        client
            .request("resources/read", json!({ "uri": uri }))
            .await
    };
    assert_eq!(
        read("x://text").await.expect("contents")["contents"],
        json!([{"uri": "x://text", "mimeType": "text/markdown", "text": "# Text"}])
    );
    assert_eq!(
        read("x://bytes").await.expect("contents")["contents"],
        json!([{"uri": "x://bytes", "mimeType": "image/png", "blob": "AAEC"}])
    );
    assert_eq!(
        read("x://item/7/a%20b").await.expect("contents")["contents"],
        json!([{"uri": "x://item/7/a%20b", "mimeType": "application/json", "text": "{\"id\":7,\"name\":\"a b\"}"}])
    );
    let error = read("x://item/seven/b").await.expect_err("no number");
    assert!(
        error.code == -32602 && error.message.contains("$.id"),
        "{error:?}"
    );
    let error = read("x://nowhere").await.expect_err("not there");
    assert_eq!(
        (error.code, error.data),
        (-32602, Some(json!({"uri": "x://nowhere"})))
    );
}

#[tokio::test]
async fn resources_and_templates_are_listed_with_what_they_say_of_themselves() {
    let mut client = client().await;
    let listed = client
        .request("resources/list", json!({}))
        .await
        .expect("a list");
    assert_eq!(
        listed["resources"]
            .as_array()
            .expect("a list")
            .iter()
            .find(|r| r["uri"] == "x://text"),
        Some(&json!({
            "uri": "x://text", "name": "fixed", "description": "A fixed text.", "mimeType": "text/markdown",
            "annotations": {"audience": ["assistant"], "priority": 0.5}
        }))
    );
    let listed = client
        .request("resources/templates/list", json!({}))
        .await
        .expect("a list");
    assert_eq!(
        listed["resourceTemplates"][0]["uriTemplate"],
        "x://item/{id}/{name}"
    );
}

#[tokio::test]
async fn a_prompt_is_listed_and_rendered() {
    let mut client = client().await;
    let listed = client
        .request("prompts/list", json!({}))
        .await
        .expect("a list");
    assert_eq!(
        listed["prompts"],
        json!([{"name": "ask", "title": "Ask", "description": "Ask about a topic.", "arguments": [
            {"name": "topic", "description": "What to ask about.", "required": true},
            {"name": "times", "required": false}
        ]}])
    );
    // Arguments of prompts are strings on the wire.
    let sent = json!({"name": "ask", "arguments": {"topic": "dice", "times": "3"}});
    let got = client.request("prompts/get", sent).await.expect("messages");
    assert_eq!(
        got["messages"],
        json!([
            {"role": "user", "content": {"type": "text", "text": "Tell me 3 things about dice."}},
            {"role": "assistant", "content": {"type": "text", "text": "Gladly."}}
        ])
    );
    let error = client
        .request("prompts/get", json!({"name": "ask"}))
        .await
        .expect_err("refused");
    assert!(
        error.code == -32602 && error.message.contains("$.topic: is required"),
        "{error:?}"
    );
    let error = client
        .request("prompts/get", json!({"name": "none"}))
        .await
        .expect_err("refused");
    assert_eq!(error.code, -32602);
}

#[tokio::test]
async fn every_structured_result_fits_its_own_output_schema() {
    let mut client = client().await;
    let mut checked = 0;
    for tool in client.list_tools().await.expect("a list") {
        let (Some(name), Some(schema)) = (tool["name"].as_str(), tool.get("outputSchema")) else {
            continue;
        };
        let arguments = if name == "show" {
            json!({"embed": false})
        } else {
            json!({})
        };
        let answer = client.call(name, arguments).await.expect("a result");
        let validator = jsonschema::validator_for(schema).expect("a schema");
        let problems: Vec<_> = validator
            .iter_errors(answer.structured())
            .map(|e| e.to_string())
            .collect();
        assert_eq!(
            problems,
            Vec::<String>::new(),
            "{name}: {}",
            answer.structured()
        );
        checked += 1;
    }
    assert_eq!(checked, 5, "tools with an output schema");
}
