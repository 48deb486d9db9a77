//! Each way to write a prompt.
#![deny(warnings)]

use mcp_runtime::{PromptMessage, User, mcp_prompt};

/// Greet someone.
#[mcp_prompt(title = "Greet", icons("https://example.com/a.png"))]
fn greet(
    /// Whom.
    name: String,
    style: Option<String>,
) -> String {
    format!("Greet {name} {style:?}")
}

/// Talk about the user.
#[mcp_prompt(name = "about-me")]
async fn about_me(user: &User) -> Vec<PromptMessage> {
    vec![PromptMessage::user(mcp_runtime::Content::text(user.name()))]
}

/// Calls them as the functions that they are.
pub fn main() {
    drop(about_me(&User::named("alice")));
    drop(greet(String::new(), None));
}
