//! The README's tools, under the strictest lints that a user might set.
#![forbid(unsafe_code)]
#![deny(
    warnings,
    missing_docs,
    unused,
    unreachable_pub,
    clippy::all,
    clippy::pedantic
)]

use mcp_runtime::{Embed, UiResult, User, mcp_tool, mcp_type, mcp_ui_resource};

/// Roll an n-sided dice and return the result.
#[mcp_tool]
pub async fn roll_dice(
    /// How many sides the dice has.
    #[arg(default = 6, range(2..=1_000_000))]
    sides: u32,
    user: &User,
) -> String {
    std::future::ready(()).await;
    format!("{} rolled a 4 (1–{sides}).", user.name())
}

/// What the card shows.
#[mcp_type]
#[derive(Debug, Clone)]
pub struct Greeting {
    /// Who is greeted.
    pub username: String,
    /// With which words.
    pub message: String,
}

/// The card that the host renders in the chat.
#[mcp_ui_resource(uri = "ui://acme/greeting-card", prefers_border = true, bridge = true)]
const GREETING_CARD: &str = "<!doctype html><p>Hello, there!";

/// Greet the signed-in user with a small interactive card.
#[mcp_tool(ui = GREETING_CARD)]
async fn greeting_card(
    #[arg(default = "Welcome to the Acme MCP server.")] message: String,
    user: &User,
) -> UiResult<Greeting> {
    std::future::ready(()).await;
    let text = format!("Showed a greeting card to {}.", user.name());
    UiResult::new(Greeting {
        username: user.name().into(),
        message,
    })
    .text(text)
    .embed(Embed::Fallback)
}

/// Calls them as the functions that they are.
pub fn main() {
    drop(roll_dice(6, &User::named("alice")));
}
