use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
#[arg(default = 6)]
async fn act(sides: u32) {
    let _ = sides;
}

fn main() {}
