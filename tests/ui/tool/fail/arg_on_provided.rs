use mcp_runtime::{User, mcp_tool};

/// Does something.
#[mcp_tool]
async fn act(#[arg(default = 6)] user: &User) -> String {
    user.to_string()
}

fn main() {}
