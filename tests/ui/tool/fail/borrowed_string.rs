use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(name: &String) -> String {
    name.clone()
}

fn main() {}
