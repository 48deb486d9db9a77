//! A kitchen: lists, sets and maps.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use mcp_runtime::prelude::*;
use serde_json::{Map, Value, json};

use super::{publish, takes};

/// Write a shopping list.
#[mcp_tool]
async fn shopping(
    #[arg(length(1..=50), items(length(1..), title = "What to buy"))] things: Vec<String>,
) -> String {
    things.join(", ")
}

/// Tag a recipe.
#[mcp_tool]
async fn tag(
    #[arg(unique, items(pattern = "^[a-z]+$"))] tags: Vec<String>,
    #[arg(default = ["quick"])] kept: Vec<String>,
) -> String {
    format!("{tags:?} {kept:?}")
}

/// Set the ovens.
#[mcp_tool]
async fn ovens(
    #[arg(items(range(50..=250), multiple_of = 5))] degrees: Vec<u32>,
    #[arg(default = [])] minutes: Vec<u16>,
) -> String {
    format!("{degrees:?} {minutes:?}")
}

/// Leave something out of a recipe.
#[mcp_tool]
async fn without(allergens: BTreeSet<String>, days: Option<Vec<bool>>) -> String {
    format!("{allergens:?} {days:?}")
}

/// Cut a cake.
#[mcp_tool]
async fn cut(
    /// Width and height of the piece.
    piece: (f64, f64),
    /// How often along each side.
    times: [u8; 2],
) -> String {
    format!("{piece:?} {times:?}")
}

/// Weigh what a recipe needs.
#[mcp_tool]
async fn weigh_all(
    #[arg(values(above = 0), length(1..))] grams: BTreeMap<String, f64>,
    counts: Option<HashMap<String, u32>>,
) -> String {
    format!("{grams:?} {counts:?}")
}

/// Store a recipe with all that its author wrote.
#[mcp_tool]
async fn store(recipe: Map<String, Value>, notes: Value, from: Option<Object>) -> String {
    format!("{recipe:?} {notes} {from:?}")
}

/// Plan the meals of a week.
#[mcp_tool]
async fn plan(
    /// The dishes of each meal of each day.
    #[arg(length(..=7), items(items(length(1..=40))))]
    days: Vec<Vec<String>>,
    by_guest: BTreeMap<String, Vec<String>>,
) -> String {
    format!("{days:?} {by_guest:?}")
}

/// Count what is in the pantry.
#[mcp_tool]
async fn count(
    /// A shelf may be empty, which is not the same as to leave it out.
    shelves: Vec<Nullable<u32>>,
    #[arg(extend("propertyNames" = {"minLength": 2}))] more: BTreeMap<String, Integer>,
) -> String {
    format!("{} {}", shelves.len(), more.len())
}

#[tokio::test]
async fn lists_sets_and_maps() {
    let string = json!({"type": "string"});
    let items = tools![
        shopping, tag, ovens, without, cut, weigh_all, store, plan, count
    ];
    publish(items, [
        (
            "shopping",
            takes(
                json!({"things": {
                    "type": "array", "minItems": 1, "maxItems": 50,
                    "items": {"type": "string", "minLength": 1, "title": "What to buy"}
                }}),
                &["things"],
            ),
        ),
        (
            "tag",
            takes(
                json!({
                    "tags": {"type": "array", "uniqueItems": true, "items": {"type": "string", "pattern": "^[a-z]+$"}},
                    "kept": {"type": "array", "items": string, "default": ["quick"]}
                }),
                &["tags"],
            ),
        ),
        (
            "ovens",
            takes(
                json!({
                    "degrees": {
                        "type": "array",
                        "items": {"type": "integer", "minimum": 50, "maximum": 250, "multipleOf": 5}
                    },
                    "minutes": {
                        "type": "array",
                        "items": {"type": "integer", "minimum": 0, "maximum": 65535},
                        "default": []
                    }
                }),
                &["degrees"],
            ),
        ),
        (
            "without",
            takes(
                json!({
                    "allergens": {"type": "array", "items": string, "uniqueItems": true},
                    "days": {"type": "array", "items": {"type": "boolean"}}
                }),
                &["allergens"],
            ),
        ),
        (
            "cut",
            takes(
                json!({
                    "piece": {
                        "type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}],
                        "minItems": 2, "maxItems": 2
                    },
                    "times": {
                        "type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 255},
                        "minItems": 2, "maxItems": 2
                    }
                }),
                &["piece", "times"],
            ),
        ),
        (
            "weigh_all",
            takes(
                json!({
                    "grams": {
                        "type": "object", "additionalProperties": {"type": "number", "exclusiveMinimum": 0},
                        "minProperties": 1
                    },
                    "counts": {
                        "type": "object",
                        "additionalProperties": {"type": "integer", "minimum": 0, "maximum": u32::MAX}
                    }
                }),
                &["grams"],
            ),
        ),
        (
            "store",
            takes(
                json!({
                    "recipe": {"type": "object", "additionalProperties": true},
                    "notes": {},
                    "from": {"type": "object"}
                }),
                &["recipe", "notes"],
            ),
        ),
        (
            "plan",
            takes(
                json!({
                    "days": {
                        "type": "array", "maxItems": 7,
                        "items": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 40}}
                    },
                    "by_guest": {"type": "object", "additionalProperties": {"type": "array", "items": string}}
                }),
                &["days", "by_guest"],
            ),
        ),
        (
            "count",
            takes(
                json!({
                    "shelves": {
                        "type": "array",
                        "items": {"type": ["integer", "null"], "minimum": 0, "maximum": u32::MAX}
                    },
                    "more": {
                        "type": "object", "additionalProperties": {"type": "integer"},
                        "propertyNames": {"minLength": 2}
                    }
                }),
                &["shelves", "more"],
            ),
        ),
    ])
    .await;
}
