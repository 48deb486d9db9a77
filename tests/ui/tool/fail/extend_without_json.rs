use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(extend("examples" = [one, 2]))] a: u32) {
    let _ = a;
}

fn main() {}
