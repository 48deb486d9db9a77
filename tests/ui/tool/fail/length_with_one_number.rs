use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(length(10))] a: String) {
    let _ = a;
}

fn main() {}
