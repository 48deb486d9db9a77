//! The Acme MCP Example: `cargo run -p example`, then sign in as alice / password123.

mod tools;

use mcp_runtime::prelude::*;

#[actix_web::main]
async fn main() -> mcp_runtime::Result<()> {
    let auth = Auth::embedded()
        .scope(
            "read",
            "See your name and use the tools of the Acme MCP server",
        )
        .demo_user("alice", "password123")
        .demo_user("bob", "hunter2");
    mcp_server!("Acme MCP Example").auth(auth).run().await // `--help` shows what else it can do
}
