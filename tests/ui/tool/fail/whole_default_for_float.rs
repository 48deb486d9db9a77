use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(default = 1)] factor: f64) -> String {
    factor.to_string()
}

fn main() {}
