use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(text: impl ToString) -> String {
    text.to_string()
}

fn main() {}
