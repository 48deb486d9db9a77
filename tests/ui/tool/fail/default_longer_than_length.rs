use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(default = "long", length(..=3))] name: String) -> String {
    name
}

fn main() {}
