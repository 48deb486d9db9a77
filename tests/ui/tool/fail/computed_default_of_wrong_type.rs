use mcp_runtime::mcp_tool;

const SIX: &str = "six";

/// Does something.
#[mcp_tool]
async fn act(#[arg(default = SIX)] sides: u32) -> String {
    sides.to_string()
}

fn main() {}
