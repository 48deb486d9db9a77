//! By value = what the caller sends: every kind of argument, what its schema says, and that it is enforced.

use std::collections::{BTreeMap, HashMap};

use mcp_runtime::prelude::*;
use serde_json::{Value, json};

/// A colour.
#[mcp_type]
#[serde(rename_all = "lowercase")]
enum Colour {
    Red,
    Green,
}

/// A point.
#[mcp_type]
struct Point {
    /// Left to right.
    x: i32,
    #[serde(default)]
    y: i32,
    label: Option<String>,
}

/// Says what it got.
#[mcp_tool]
#[allow(clippy::too_many_arguments, reason = "one of every kind")]
async fn every_kind(
    /// Counted in pieces.
    #[arg(default = 3, range(1..=10))]
    count: u8,
    #[arg(length(2..=5), pattern = "^[a-z]+$")] word: &str,
    #[arg(rename = "type")] kind: Colour,
    point: Option<Point>,
    #[arg(length(..=2))] tags: Option<Vec<String>>,
    weights: Option<BTreeMap<String, f64>>,
    anything: Option<Value>,
    #[arg(default = "world")] greeting: String,
    nullable: Option<Nullable<bool>>,
) -> String {
    let kind = match kind {
        Colour::Red => "red",
        Colour::Green => "green",
    };
    let point = point.map(|p| (p.x, p.y, p.label));
    format!(
        "{count} {word} {kind} {point:?} {tags:?} {weights:?} {anything:?} {greeting} {nullable:?}"
    )
}

/// Takes a ratio.
#[mcp_tool(open)]
async fn ratio(#[arg(range(0.0..1.0))] share: f64) -> f64 {
    share
}

/// Runs on the blocking pool.
#[mcp_tool]
fn blocking(#[arg(default = "a")] text: &str, more: HashMap<String, u32>) -> String {
    format!("{text} {}", more.len())
}

/// Writes to someone.
#[mcp_tool]
async fn write_to(
    #[arg(format = "email")] to: &str,
    #[arg(format = "email")] copy: Option<String>,
    #[arg(default = null)] priority: Nullable<u8>,
) -> String {
    format!("{to} {copy:?} {:?}", priority.0)
}

async fn client() -> mcp_runtime::testing::TestClient {
    mcp_server!("arguments")
        .only(tools![every_kind, ratio, blocking, write_to])
        .test()
        .await
        .expect("starts")
}

async fn text(arguments: Value) -> String {
    client()
        .await
        .call("every_kind", arguments)
        .await
        .expect("a result")
        .text()
}

#[tokio::test]
async fn the_schema_is_what_the_signature_says() {
    let tools = client().await.list_tools().await.expect("a list");
    let mut schema = tools[0]["inputSchema"].clone();
    assert_eq!(
        schema["properties"]["point"].take(),
        json!({
            "description": "A point.",
            "type": "object",
            "properties": {
                "x": {"description": "Left to right.", "type": "integer", "minimum": i32::MIN, "maximum": i32::MAX},
                "y": {"type": "integer", "minimum": i32::MIN, "maximum": i32::MAX, "default": 0},
                "label": {"type": "string"}
            },
            "required": ["x"]
        })
    );
    let properties = schema["properties"].as_object().expect("properties");
    assert_eq!(
        properties.keys().collect::<Vec<_>>(),
        [
            "count", "word", "type", "point", "tags", "weights", "anything", "greeting", "nullable"
        ]
    );
    assert_eq!(
        properties["count"],
        json!({"type": "integer", "minimum": 1, "maximum": 10, "default": 3, "description": "Counted in pieces."})
    );
    assert_eq!(
        properties["word"],
        json!({"type": "string", "minLength": 2, "maxLength": 5, "pattern": "^[a-z]+$"})
    );
    assert_eq!(
        properties["type"],
        json!({"type": "string", "enum": ["red", "green"], "description": "A colour."})
    );
    assert_eq!(
        properties["tags"],
        json!({"type": "array", "items": {"type": "string"}, "maxItems": 2})
    );
    assert_eq!(
        properties["weights"],
        json!({"type": "object", "additionalProperties": {"type": "number"}})
    );
    assert_eq!(properties["anything"], json!({}));
    assert_eq!(
        properties["greeting"],
        json!({"type": "string", "default": "world"})
    );
    assert_eq!(properties["nullable"], json!({"type": ["boolean", "null"]}));
    assert_eq!(schema["required"], json!(["word", "type"]));
    assert_eq!(schema["additionalProperties"], json!(false));
    assert_eq!(
        tools[1]["inputSchema"]["properties"]["share"],
        json!({"type": "number", "minimum": 0.0, "exclusiveMaximum": 1.0})
    );
    assert_eq!(
        tools[1]["inputSchema"].get("additionalProperties"),
        None,
        "open"
    );
}

#[tokio::test]
async fn defaults_and_absent_options_fill_in() {
    assert_eq!(
        text(json!({"word": "abc", "type": "red"})).await,
        "3 abc red None None None None world None"
    );
}

#[tokio::test]
async fn every_kind_of_value_arrives() {
    let sent = json!({
        "count": 10, "word": "abcde", "type": "green", "point": {"x": 1, "label": "here"}, "tags": ["a", "b"],
        "weights": {"a": 0.5}, "anything": [1, null], "greeting": "you", "nullable": null
    });
    assert_eq!(
        text(sent).await,
        "10 abcde green Some((1, 0, Some(\"here\"))) Some([\"a\", \"b\"]) Some({\"a\": 0.5}) \
         Some(Array [Number(1), Null]) you None"
    );
}

#[tokio::test]
async fn a_null_for_an_option_counts_as_absent() {
    let sent = json!({"word": "abc", "type": "red", "point": null, "tags": null});
    assert_eq!(text(sent).await, "3 abc red None None None None world None");
}

#[tokio::test]
async fn stringified_arguments_are_coerced_and_strings_never() {
    let sent =
        json!({"count": "4", "word": "abc", "type": "red", "tags": "[\"a\"]", "greeting": "12"});
    assert_eq!(
        text(sent).await,
        "4 abc red None Some([\"a\"]) None None 12 None"
    );
    let sent = json!({"count": 6.0, "word": "abc", "type": "red"});
    assert!(text(sent).await.starts_with("6 abc"));
}

#[tokio::test]
async fn every_problem_is_named_with_its_path_in_one_answer() {
    let sent = json!({
        "count": 11, "word": "A", "type": "blue", "point": {"y": "north"}, "tags": ["a", "b", "c"],
        "weights": {"a": "heavy"}, "colour": 1
    });
    let answer = client()
        .await
        .call("every_kind", sent)
        .await
        .expect("a result");
    assert!(answer.is_error());
    let text = answer.text();
    for problem in [
        "$.count: must be at most 10, not 11",
        "$.word: must have at least 2 characters, not 1",
        "$.word: must match the pattern ^[a-z]+$",
        "$.type: must be one of \"red\", \"green\"",
        "$.point.x: is required",
        "$.point.y: must be of type integer, not a string",
        "$.tags: must have at most 2 items, not 3",
        "$.weights.a: must be of type number, not a string",
        "$.colour: is not known",
    ] {
        assert!(text.contains(problem), "{problem} in {text}");
    }
}

#[tokio::test]
async fn a_typed_check_alone_refuses_too() {
    for (sent, problem) in [
        (
            json!({"count": 0, "word": "abc", "type": "red"}),
            "$.count: must be at least 1",
        ),
        (
            json!({"word": "abcdef", "type": "red"}),
            "$.word: must have at most 5",
        ),
        (json!({"word": "ab1", "type": "red"}), "$.word: must match"),
        (
            json!({"word": "abc", "type": "red", "count": "11"}),
            "$.count: must be at most 10",
        ),
    ] {
        let text = text(sent).await;
        assert!(text.contains(problem), "{problem} in {text}");
    }
}

#[tokio::test]
async fn a_range_of_floats_can_exclude_its_end() {
    let mut client = client().await;
    assert_eq!(
        client
            .call("ratio", json!({"share": 0, "more": 1}))
            .await
            .expect("a result")
            .text(),
        "0"
    );
    assert!(
        client
            .call("ratio", json!({"share": 1.0}))
            .await
            .expect("a result")
            .is_error()
    );
}

#[tokio::test]
async fn a_plain_function_runs_on_the_blocking_pool() {
    let answer = client()
        .await
        .call("blocking", json!({"more": {"a": 1}}))
        .await
        .expect("a result");
    assert_eq!(answer.text(), "a 1");
}

#[tokio::test]
async fn a_value_nested_without_end_is_refused_and_does_no_harm() {
    let mut client = client().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let line = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
    "name": "every_kind", "arguments": {"word": "abc", "type": "red", "anything": "DEEP"}, "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {}
    }}});
    client
        .send_raw(&line.to_string().replace("\"DEEP\"", &deep))
        .await
        .expect("sent");
    let answer: Value =
        serde_json::from_str(&client.receive_raw().await.expect("a line")).expect("json");
    assert!(answer["result"]["isError"] == true, "{answer}");
    let after = client
        .call("ratio", json!({"share": 0.5}))
        .await
        .expect("a result");
    assert_eq!(after.text(), "0.5");
}

#[tokio::test]
async fn a_format_is_enforced() {
    let mut client = client().await;
    let mut call = async |arguments| client.call("write_to", arguments).await.expect("a result");
    assert_eq!(
        call(json!({"to": "a@example.com"})).await.text(),
        "a@example.com None None"
    );
    assert_eq!(
        call(json!({"to": "a@example.com", "copy": "b@example.com", "priority": 3}))
            .await
            .text(),
        r#"a@example.com Some("b@example.com") Some(3)"#
    );
    let refused = call(json!({"to": "nobody", "copy": "nowhere"})).await;
    assert!(refused.is_error());
    let text = refused.text();
    assert!(text.contains("to") && text.contains("copy"), "{text}");
}

#[tokio::test]
async fn a_nested_null_counts_as_absent_on_every_path() {
    for sent in [
        json!({"word": "abc", "type": "red", "point": {"x": 1, "label": null}}),
        json!({"word": "abc", "type": "red", "point": {"x": "1", "label": null}}),
    ] {
        assert_eq!(
            text(sent).await,
            "3 abc red Some((1, 0, None)) None None None world None"
        );
    }
}

#[tokio::test]
async fn what_serde_would_read_in_another_way_is_refused_as_the_schema_says() {
    for (sent, problem) in [
        (
            json!({"word": "abc", "type": "red", "point": [1, 2]}),
            "$.point: must be of type object",
        ),
        (
            json!({"word": "abc", "type": {"red": null}}),
            "$.type: must be of type string",
        ),
    ] {
        let text = text(sent).await;
        assert!(text.contains(problem), "{problem} in {text}");
    }
}
