use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(default = null)] tags: Vec<String>) -> String {
    tags.concat()
}

fn main() {}
