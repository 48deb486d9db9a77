use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(_: u32) -> String {
    String::new()
}

fn main() {}
