use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool(schema = r#"{"properties": {"a": {"type": "object"}}}"#)]
async fn act() -> String {
    String::new()
}

fn main() {}
