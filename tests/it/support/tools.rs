//! The tools of the servers under test.

use mcp_runtime::Items;
use mcp_runtime::prelude::*;

/// Says who calls.
#[mcp_tool]
async fn whoami(user: &User) -> String {
    user.name().to_owned()
}

/// Rolls a dice of that many sides, always to the highest.
#[mcp_tool(scopes("dice:roll"))]
async fn roll(#[arg(default = 6, range(2..=100))] sides: u32) -> String {
    sides.to_string()
}

/// Says what was rolled, to those who may know.
#[mcp_tool(scopes("dice:audit"), hidden)]
async fn audit() -> &'static str {
    "6, 6, 6"
}

/// Rolls for money; what that takes, it knows only when it runs.
#[mcp_tool(scopes("dice:roll"))]
async fn bet(user: &User) -> Result<&'static str, Error> {
    match user.has_scope("dice:audit") {
        true => Ok("won"),
        false => Err(Error::needs_scopes(["dice:audit"])),
    }
}

/// Says that it began, and never ends.
#[mcp_tool(timeout = "60s")]
async fn linger(ctx: &Context) -> &'static str {
    ctx.progress(0.0, Some(1.0), Some("begun"));
    std::future::pending().await
}

pub(super) fn tools() -> Items {
    tools![whoami, roll, audit, bet, linger]
}
