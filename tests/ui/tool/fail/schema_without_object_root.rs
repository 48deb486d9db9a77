use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool(schema = r#"{"type": "array"}"#)]
async fn act() -> String {
    String::new()
}

fn main() {}
