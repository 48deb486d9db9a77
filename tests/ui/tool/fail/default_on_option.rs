use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(default = 6)] sides: Option<u32>) -> String {
    format!("{sides:?}")
}

fn main() {}
