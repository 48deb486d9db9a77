use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(header = "Names")] names: Vec<String>) -> String {
    names.concat()
}

fn main() {}
