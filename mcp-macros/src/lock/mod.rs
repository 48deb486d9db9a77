//! `#[mcp_tool(locked)]`: what callers of the locked version depend on, told while the code is written.
//!
//! A macro sees tokens: the names of the arguments, whether they are required, their bounds and defaults, and the types
//! whose names it knows. For the others it leaves constants behind that ask the type itself (`shape.rs`). What lies
//! deeper (a removed tool, nested schemas) is seen by `schema --check` and `assert_contract!`.

mod file;
mod json;
mod judge;
mod shape;
mod typed;

pub(crate) use typed::shaped;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::errors::{Errors, MISSING_LOCK};
use crate::model::Tool;
use file::{Found, Lock};

/// Accepts everything while it is set: `MCP_BLESS=1 cargo run -- schema --write` could not be built otherwise.
const BLESS: &str = "MCP_BLESS";

/// Compares a tool with its lock, if it asks for that.
pub(crate) fn check(tool: &Tool, errors: &Errors) {
    let Some(locked) = &tool.locked else { return };
    if is_blessing() {
        return;
    }
    match file::find() {
        Found::Unknown => {}
        Found::Missing => errors.warn(
            MISSING_LOCK,
            locked,
            "there is no mcp.lock.json beside Cargo.toml",
            "make it by `cargo run -- schema --write`",
        ),
        Found::Broken(message, help) => errors.at(locked, message, help),
        Found::Lock(lock) => against(&lock, tool, errors),
    }
}

/// What is emitted beside a tool that is locked: it makes the compiler look again when the lock changes, and asks the
/// types that no token tells.
pub(crate) fn tokens(tool: &Tool) -> TokenStream {
    if tool.locked.is_none() {
        return TokenStream::new();
    }
    // Compiled with and without are two builds.
    let mut tokens = quote!(
        const _: ::core::option::Option<&str> = ::core::option_env!(#BLESS);
    );
    if let Found::Lock(lock) = file::find() {
        let path = lock.path.to_string_lossy();
        tokens.extend(quote!(
            const _: &[u8] = ::core::include_bytes!(#path);
        ));
        if !is_blessing()
            && !judge::is_released(&lock)
            && tool.schema.is_none()
            && let Some(locked) = lock.tools.get(&tool.about.name.value())
        {
            tokens.extend(shape::questions(&lock, locked, tool));
        }
    }
    tokens
}

fn against(lock: &Lock, tool: &Tool, errors: &Errors) {
    // A schema that stands in a file of its own is no affair of the signature's.
    if tool.schema.is_some() || judge::is_released(lock) {
        return;
    }
    // A tool that is new breaks nobody.
    if let Some(locked) = lock.tools.get(&tool.about.name.value()) {
        judge::tool(lock, locked, tool, errors);
    }
}

fn is_blessing() -> bool {
    std::env::var_os(BLESS).is_some_and(|value| value == "1")
}

/// Names of arguments, as they are meant.
fn named(ident: &Ident) -> String {
    use syn::ext::IdentExt as _;
    ident.unraw().to_string()
}

#[cfg(test)]
mod tests;
