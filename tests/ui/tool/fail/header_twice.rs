use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(header = "Region")] a: String, #[arg(header = "region")] b: String) -> String {
    a + &b
}

fn main() {}
