use mcp_runtime::{User, mcp_tool};

/// Does something.
#[mcp_tool]
async fn act(user: User) {
    let _ = user;
}

fn main() {}
