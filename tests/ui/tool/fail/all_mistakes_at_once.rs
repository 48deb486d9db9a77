use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool(titel = "Act", timeout = 0)]
async fn act(#[arg(range(6..=2))] sides: u32, _: u8) -> String {
    sides.to_string()
}

fn main() {}
