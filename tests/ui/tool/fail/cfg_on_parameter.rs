use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[cfg(unix)] sides: u32) -> String {
    sides.to_string()
}

fn main() {}
