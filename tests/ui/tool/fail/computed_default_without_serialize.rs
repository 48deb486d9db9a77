use mcp_runtime::mcp_tool;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Default, Deserialize, JsonSchema)]
struct Unit {}

/// Does something.
#[mcp_tool]
async fn act(#[arg(default = Unit::default())] unit: Unit) -> String {
    drop(unit); String::new()
}

fn main() {}
