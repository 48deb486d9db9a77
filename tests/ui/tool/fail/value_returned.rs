use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act() -> serde_json::Value {
    serde_json::Value::Null
}

fn main() {}
