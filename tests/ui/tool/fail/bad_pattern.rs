use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(pattern = "(a")] name: String) -> String {
    name
}

fn main() {}
