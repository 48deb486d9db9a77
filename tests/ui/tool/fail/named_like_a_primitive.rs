use mcp_runtime::mcp_tool;

/// Measures.
#[mcp_tool]
fn str(text: String) -> String {
    text
}

fn main() {}
