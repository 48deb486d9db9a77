use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act<'a>(text: &'a str) -> String {
    text.to_owned()
}

fn main() {}
