//! A workshop: one shape or another.

use mcp_runtime::prelude::*;
use serde_json::json;

use super::{publish, takes};

/// A number or a word for it.
#[mcp_type]
#[derive(Debug)]
#[serde(untagged)]
enum Amount {
    Number(#[field(above = 0)] f64),
    Word(String),
}

/// What exactly one of these is.
#[mcp_type(one_of)]
#[derive(Debug)]
#[serde(untagged)]
enum Target {
    Page(PageTarget),
    Workspace(WorkspaceTarget),
}

/// A page.
#[mcp_type(closed)]
#[derive(Debug)]
struct PageTarget {
    #[field(constant = "page")]
    r#type: String,
    #[field(format = "uuid")]
    page_id: String,
}

/// The whole workspace.
#[mcp_type(closed)]
#[derive(Debug)]
struct WorkspaceTarget {
    #[field(constant = "workspace")]
    r#type: String,
}

/// A shape, told by its `kind`.
#[mcp_type]
#[derive(Debug)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Shape {
    Circle {
        #[field(range(1..=100))]
        radius: u32,
    },
    Point,
}

/// A cut, told beside its content.
#[mcp_type]
#[derive(Debug)]
#[serde(tag = "how", content = "what", rename_all = "lowercase")]
enum Cut {
    Along(f64),
    Off,
}

/// A part, told by its only key.
#[mcp_type]
#[derive(Debug)]
#[serde(rename_all = "lowercase")]
enum Part {
    Screw { length: u8 },
    Named(String),
}

/// Take from the stock.
#[mcp_tool]
async fn take(amount: Amount, rest: Option<Amount>) -> String {
    format!("{amount:?} {rest:?}")
}

/// Move something.
#[mcp_tool]
async fn move_to(target: Target) -> String {
    format!("{target:?}")
}

/// Draw shapes.
#[mcp_tool]
async fn draw_shapes(shapes: Vec<Shape>) -> String {
    format!("{shapes:?}")
}

/// Cut something.
#[mcp_tool]
async fn cut_with(cut: Cut) -> String {
    format!("{cut:?}")
}

/// Fetch a part.
#[mcp_tool]
async fn fetch(part: Part) -> String {
    format!("{part:?}")
}

/// Measure something, or say that there is no measure.
#[mcp_tool]
async fn measure(amount: Nullable<Amount>) -> String {
    format!("{:?}", amount.0)
}

/// Set any field of a form.
#[mcp_tool]
async fn set_field(
    /// Text, a number or a boolean.
    #[arg(extend("type" = ["string", "number", "boolean"]))]
    value: serde_json::Value,
) -> String {
    value.to_string()
}

#[tokio::test]
async fn one_shape_or_another() {
    let amount = json!({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string"}]});
    let items = tools![
        take,
        move_to,
        draw_shapes,
        cut_with,
        fetch,
        measure,
        set_field
    ];
    publish(items, [
        ("take", takes(json!({"amount": amount, "rest": amount}), &["amount"])),
        (
            "move_to",
            takes(
                json!({"target": {"oneOf": [
                    {
                        "type": "object",
                        "properties": {
                            "type": {"type": "string", "const": "page"},
                            "page_id": {"type": "string", "format": "uuid"}
                        },
                        "required": ["type", "page_id"],
                        "additionalProperties": false
                    },
                    {
                        "type": "object",
                        "properties": {"type": {"type": "string", "const": "workspace"}},
                        "required": ["type"],
                        "additionalProperties": false
                    }
                ]}}),
                &["target"],
            ),
        ),
        (
            "draw_shapes",
            takes(
                json!({"shapes": {"type": "array", "items": {"oneOf": [
                    {
                        "type": "object",
                        "properties": {
                            "kind": {"type": "string", "const": "circle"},
                            "radius": {"type": "integer", "minimum": 1, "maximum": 100}
                        },
                        "required": ["kind", "radius"]
                    },
                    {
                        "type": "object",
                        "properties": {"kind": {"type": "string", "const": "point"}},
                        "required": ["kind"]
                    }
                ]}}}),
                &["shapes"],
            ),
        ),
        (
            "cut_with",
            takes(
                json!({"cut": {"oneOf": [
                    {
                        "type": "object",
                        "properties": {"how": {"type": "string", "const": "along"}, "what": {"type": "number"}},
                        "required": ["how", "what"]
                    },
                    {
                        "type": "object",
                        "properties": {"how": {"type": "string", "const": "off"}},
                        "required": ["how"]
                    }
                ]}}),
                &["cut"],
            ),
        ),
        (
            "fetch",
            takes(
                json!({"part": {"oneOf": [
                    {
                        "type": "object",
                        "properties": {"screw": {
                            "type": "object",
                            "properties": {"length": {"type": "integer", "minimum": 0, "maximum": 255}},
                            "required": ["length"]
                        }},
                        "required": ["screw"],
                        "additionalProperties": false
                    },
                    {
                        "type": "object",
                        "properties": {"named": {"type": "string"}},
                        "required": ["named"],
                        "additionalProperties": false
                    }
                ]}}),
                &["part"],
            ),
        ),
        (
            "measure",
            takes(json!({"amount": {"anyOf": [amount, {"type": "null"}]}}), &["amount"]),
        ),
        (
            "set_field",
            takes(json!({"value": {"type": ["string", "number", "boolean"]}}), &["value"]),
        ),
    ])
    .await;
}
