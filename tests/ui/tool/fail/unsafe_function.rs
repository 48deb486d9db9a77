use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
unsafe fn act() -> String {
    String::new()
}

fn main() {}
