//! Tools as a person writes them, for each thing that a contract can say; and that each contract is kept.
//!
//! One file per theme. What a tool publishes stands beside it, without descriptions, and calls made up from it are
//! judged by another validator too.

mod about;
mod bounds;
mod choices;
mod lists;
mod nested;
mod nulls;
mod results;
mod scalars;
mod unions;

use mcp_runtime::Items;
use mcp_runtime::prelude::*;
use mcp_runtime::testing::TestClient;
use mcp_tests::agreement;
use serde_json::{Value, json};

/// Calls that are made up for each tool.
const INSTANCES: usize = 150;

async fn client(items: Items) -> TestClient {
    let server = mcp_server!("contracts").only(items).auth(Auth::none());
    server.test().await.expect("starts")
}

/// The input schema of a tool that takes these properties and no others.
fn takes(properties: Value, required: &[&str]) -> Value {
    let mut schema =
        json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// Each tool publishes exactly this input schema, and keeps to it.
async fn publish<const N: usize>(items: Items, expected: [(&str, Value); N]) {
    let mut client = client(items).await;
    let tools = client.list_tools().await.expect("a list");
    assert_eq!(tools.len(), N, "a contract for each tool");
    for ((name, schema), tool) in expected.iter().zip(&tools) {
        assert_eq!(tool["name"], *name);
        let got = undescribed(&tool["inputSchema"]);
        assert_eq!(got, *schema, "{name}: {got:#}");
        agree(&mut client, tool).await;
    }
}

/// The runtime and another validator judge made-up calls alike.
async fn agree(client: &mut TestClient, tool: &Value) {
    let refusal =
        |answer: &mcp_runtime::testing::ToolAnswer| !answer.text().starts_with("The arguments of");
    let judged = agreement::of(client, tool, INSTANCES, refusal)
        .await
        .expect("can be judged");
    assert!(
        judged.disagreements.is_empty(),
        "{}",
        judged.disagreements.join("\n")
    );
    assert!(
        judged.accepted > 0,
        "{}: no call was let through",
        tool["name"]
    );
}

/// A schema without its descriptions.
fn undescribed(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => {
            let kept = map
                .iter()
                .filter(|(key, value)| *key != "description" || !value.is_string());
            Value::Object(
                kept.map(|(key, value)| (key.clone(), undescribed(value)))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(undescribed).collect()),
        other => other.clone(),
    }
}
