use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act() -> impl std::fmt::Display {
    "text"
}

fn main() {}
