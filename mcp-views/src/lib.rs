//! Reads the HTML of a view (MCP Apps) as a host's sandbox will, and says what will not work there.
//!
//! The macros ask at compile time, the runtime asks of what it renders: both by [`check`], so that a page is judged once
//! and in the same words. [`tool_calls`] tells which tools the page's scripts call, for the runtime to compare with those
//! that there are. Nothing here knows Rust code, MCP messages or files.
//!
//! Without the feature `check` there are only the rules and their names, and nothing is read.
//!
//! ```
//! # #[cfg(feature = "check")] {
//! use mcp_views::{Rule, View, check};
//!
//! let html = "<!doctype html><title>Card</title><img src=\"https://cdn.example.com/a.png\">";
//! let findings = check(&View { html, bridge: true, ..View::default() });
//! assert_eq!(findings[0].rule, Rule::UndeclaredOrigin);
//! assert_eq!(findings[0].line, Some(1));
//! # }
//! ```

#[cfg(feature = "check")]
mod calls;
#[cfg(feature = "check")]
mod css;
mod finding;
#[cfg(feature = "check")]
mod handshake;
#[cfg(feature = "check")]
mod origin;
#[cfg(feature = "check")]
mod page;
#[cfg(feature = "check")]
mod rules;
#[cfg(feature = "check")]
mod script;
#[cfg(feature = "check")]
mod theme;

#[cfg(all(test, feature = "check"))]
mod tests;

#[cfg(feature = "check")]
pub use calls::{Keys, ToolUse, tool_calls};
pub use finding::{Finding, Rule};

/// A view, as it is declared.
#[derive(Debug, Clone, Copy, Default)]
pub struct View<'a> {
    /// The page.
    pub html: &'a str,
    /// The origins of `connectDomains`.
    pub connect: &'a [&'a str],
    /// The origins of `resourceDomains`.
    pub resource: &'a [&'a str],
    /// The origins of `frameDomains`.
    pub frame: &'a [&'a str],
    /// The origins of `baseUriDomains`.
    pub base_uri: &'a [&'a str],
    /// Whether the runtime adds its bridge, which shakes hands with the host.
    pub bridge: bool,
}

/// What will not work in a host, in the order of the page.
#[cfg(feature = "check")]
#[must_use]
pub fn check(view: &View<'_>) -> Vec<Finding> {
    rules::check(view)
}
