use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(format = "e-mail")] name: String) -> String {
    name
}

fn main() {}
