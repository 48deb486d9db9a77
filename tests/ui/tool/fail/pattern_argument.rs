use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act((a, b): (u32, u32)) -> String {
    format!("{a}{b}")
}

fn main() {}
