use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(multiple_of = 0)] a: u32) {
    let _ = a;
}

fn main() {}
