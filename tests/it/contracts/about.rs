//! An office: names, titles, hints, and what else stands beside a schema.

use mcp_runtime::prelude::*;
use serde_json::{Value, json};

use super::{agree, client, undescribed};

/// The form.
#[mcp_ui_resource(uri = "ui://office/form", bridge = true)]
const FORM: &str = "<!doctype html><html><head><title>Form</title></head><body></body></html>";

/// File a letter.
#[mcp_tool(
    name = "letters.file-1",
    title = "File a letter",
    annotations(title = "Files a letter")
)]
async fn file_letter(r#type: &str, r#match: Option<&str>) -> String {
    format!("{type} {match:?}")
}

/// Read a letter.
#[mcp_tool(read_only, destructive = false, idempotent, open_world = false)]
async fn read_letter(#[arg(rename = "letter-id")] id: u8) -> String {
    id.to_string()
}

/// Copy letters.
#[mcp_tool(
    rename_all = "camelCase",
    icons(
        "https://example.com/a.png",
        icon(
            src = "data:,",
            mime = "image/svg+xml",
            sizes("48x48", "any"),
            theme = "dark"
        )
    )
)]
async fn copy_letters(
    first_letter: u8,
    last_letter: u8,
    #[arg(rename = "_sorted")] sorted: bool,
) -> String {
    format!("{first_letter} {last_letter} {sorted}")
}

/// Take whatever comes.
#[mcp_tool(open, meta("com.example/tags" = ["mail"], "com.example/cost" = {"cents": 5}))]
async fn take_in(subject: Option<String>) -> String {
    format!("{subject:?}")
}

/// Take numbers under any name.
#[mcp_tool(open, extend("additionalProperties" = {"type": "number"}, "minProperties" = 1))]
async fn take_numbers(subject: Option<String>) -> String {
    format!("{subject:?}")
}

/// Call by number or by name, but not by both.
#[mcp_tool(extend("oneOf" = [{"required": ["number"]}, {"required": ["name"]}]))]
async fn call_up(#[arg(range(1..))] number: Option<Integer>, name: Option<String>) -> String {
    format!("{number:?} {name:?}")
}

/// Show the form.
#[mcp_tool(ui = FORM, visibility(model, app))]
async fn show_form() -> ToolResult {
    ToolResult::content([Content::text("Shown.")])
}

/// Do as the other office does.
#[mcp_tool(
    schema = r#"{"type": "object", "properties": {"a": {"type": "integer"}}, "if": {"required": ["a"]}, "else": {"maxProperties": 0}}"#
)]
async fn do_as_they_do(a: Option<i64>) -> String {
    format!("{a:?}")
}

async fn tools() -> (mcp_runtime::testing::TestClient, Vec<Value>) {
    let items = tools![
        file_letter,
        read_letter,
        copy_letters,
        take_in,
        take_numbers,
        call_up,
        show_form,
        do_as_they_do,
        FORM
    ];
    let mut client = client(items).await;
    let tools = client.list_tools().await.expect("a list");
    (client, tools)
}

#[tokio::test]
async fn what_stands_beside_a_schema() {
    let (_, tools) = tools().await;
    let u8 = json!({"type": "integer", "minimum": 0, "maximum": 255});
    let expected = [
        json!({
            "name": "letters.file-1",
            "title": "File a letter",
            "annotations": {"title": "Files a letter"},
            "inputSchema": {
                "type": "object",
                "properties": {"type": {"type": "string"}, "match": {"type": "string"}},
                "required": ["type"],
                "additionalProperties": false
            }
        }),
        json!({
            "name": "read_letter",
            "annotations": {
                "readOnlyHint": true, "destructiveHint": false, "idempotentHint": true, "openWorldHint": false
            },
            "inputSchema": {
                "type": "object",
                "properties": {"letter-id": u8},
                "required": ["letter-id"],
                "additionalProperties": false
            }
        }),
        json!({
            "name": "copy_letters",
            "icons": [
                {"src": "https://example.com/a.png"},
                {"src": "data:,", "mimeType": "image/svg+xml", "sizes": ["48x48", "any"], "theme": "dark"}
            ],
            "inputSchema": {
                "type": "object",
                "properties": {"firstLetter": u8, "lastLetter": u8, "_sorted": {"type": "boolean"}},
                "required": ["firstLetter", "lastLetter", "_sorted"],
                "additionalProperties": false
            }
        }),
        json!({
            "name": "take_in",
            "_meta": {"com.example/tags": ["mail"], "com.example/cost": {"cents": 5}},
            "inputSchema": {"type": "object", "properties": {"subject": {"type": "string"}}}
        }),
        json!({
            "name": "take_numbers",
            "inputSchema": {
                "type": "object",
                "properties": {"subject": {"type": "string"}},
                "additionalProperties": {"type": "number"},
                "minProperties": 1
            }
        }),
        json!({
            "name": "call_up",
            "inputSchema": {
                "type": "object",
                "properties": {"number": {"type": "integer", "minimum": 1}, "name": {"type": "string"}},
                "additionalProperties": false,
                "oneOf": [{"required": ["number"]}, {"required": ["name"]}]
            }
        }),
        json!({
            "name": "show_form",
            "_meta": {
                "ui/resourceUri": "ui://office/form",
                "ui": {"resourceUri": "ui://office/form", "visibility": ["model", "app"]}
            },
            "inputSchema": {"type": "object", "properties": {}, "additionalProperties": false}
        }),
        json!({
            "name": "do_as_they_do",
            "inputSchema": {
                "type": "object",
                "properties": {"a": {"type": "integer"}},
                "if": {"required": ["a"]},
                "else": {"maxProperties": 0}
            }
        }),
    ];
    assert_eq!(tools.len(), expected.len());
    for (tool, expected) in tools.iter().zip(&expected) {
        assert_eq!(undescribed(tool), *expected, "{:#}", undescribed(tool));
    }
}

#[tokio::test]
async fn what_stands_at_the_root_is_kept_too() {
    let (mut client, tools) = tools().await;
    for tool in &tools {
        // Its signature holds fewer numbers than the schema that is given to it.
        if tool["name"] != "do_as_they_do" {
            agree(&mut client, tool).await;
        }
    }
    for sent in [json!({}), json!({"number": 1, "name": "a"})] {
        let answer = client
            .call("call_up", sent.clone())
            .await
            .expect("a result");
        assert!(answer.is_error(), "{sent}");
    }
}
