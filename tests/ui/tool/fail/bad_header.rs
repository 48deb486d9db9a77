use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(header = "My Region")] a: String) -> String {
    a
}

fn main() {}
