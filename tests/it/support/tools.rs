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

pub(super) fn tools() -> Items {
    tools![whoami, roll]
}
