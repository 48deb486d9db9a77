use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(extend("minimun" = 1))] a: u32) {
    let _ = a;
}

fn main() {}
