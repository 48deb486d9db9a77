use mcp_runtime::mcp_tool;

type Sides = u32;

/// Does something.
#[mcp_tool]
async fn act(#[arg(default = true)] sides: Sides) -> String {
    sides.to_string()
}

fn main() {}
