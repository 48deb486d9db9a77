//! Each way to take what the server provides.
#![deny(warnings)]

use mcp_runtime::{Context, User, mcp_tool};

/// A trait of the application.
pub trait Store: Send + Sync {
    /// How many.
    fn count(&self) -> usize;
}

/// Ask for everything.
#[mcp_tool]
pub async fn ask(
    _: &Context,
    user: Option<&User>,
    store: &dyn Store,
    both: &(dyn Store + Sync),
    text: String,
) -> usize {
    store.count() + both.count() + text.len() + user.map_or(0, |u| u.name().len())
}

/// The same on the blocking pool.
#[mcp_tool]
fn ask_blocking(user: &User, store: Option<&dyn Store>, text: &str) -> String {
    format!("{user} {} {text}", store.map_or(0, Store::count))
}
