use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act<T: ToString>(value: T) -> String {
    value.to_string()
}

fn main() {}
