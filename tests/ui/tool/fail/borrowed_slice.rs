use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(names: &[String]) -> String {
    names.concat()
}

fn main() {}
