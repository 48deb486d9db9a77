//! A server with the embedded authorization server, as a process of its own: for the tests that kill one, or that run a
//! command beside one. With `TOKENS_OF`, a resource server for the tokens of that issuer.

use mcp_runtime::prelude::*;

/// Says who calls.
#[mcp_tool]
async fn whoami(user: &User) -> String {
    user.name().to_owned()
}

#[actix_web::main]
async fn main() -> mcp_runtime::Result<()> {
    let auth = match std::env::var("TOKENS_OF") {
        Ok(issuer) => Auth::jwt(issuer).scope("read", "Read your profile"),
        Err(_) => Auth::embedded()
            .scope("read", "Read your profile")
            .scope("dice:roll", "Roll dice for you")
            .demo_user("alice", "password123")
            .demo_user("bob", "hunter2"),
    };
    mcp_server!("Test Server").auth(auth).run().await
}
