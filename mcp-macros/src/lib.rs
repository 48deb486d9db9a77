//! The attribute macros of `mcp-runtime`, which re-exports them: use them from there.
//!
//! Each macro goes through the same four steps: `parse` turns the attribute and the signature into a `model`,
//! `check` judges the model, `expand` writes it out. All mistakes are collected on the way, so that one compile
//! shows them all; and where there is one, the function is still emitted, so that nothing else breaks.

use proc_macro::TokenStream;

mod check;
mod errors;
mod expand;
mod lock;
mod model;
mod parse;
mod text;

/// Makes a function a tool that MCP clients can call.
#[proc_macro_attribute]
pub fn mcp_tool(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::tool(arguments.into(), item.into()).into()
}

/// Makes a function or a const a resource that MCP clients can read; a uri with `{…}` is a template (RFC 6570).
#[proc_macro_attribute]
pub fn mcp_resource(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::resource(arguments.into(), item.into()).into()
}

/// Makes a function a prompt that people pick in their MCP client.
#[proc_macro_attribute]
pub fn mcp_prompt(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::prompt(arguments.into(), item.into()).into()
}

/// Makes HTML, a const or a function that renders it, a view that hosts show in the chat (MCP Apps).
#[proc_macro_attribute]
pub fn mcp_ui_resource(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::ui_resource(arguments.into(), item.into()).into()
}

/// Makes a struct or an enum a type that tools take and return: derives serde's `Serialize` and `Deserialize` and
/// schemars' `JsonSchema`, by way of the runtime, so that your crate needs neither.
#[proc_macro_attribute]
pub fn mcp_type(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::data_type(arguments.into(), item.into()).into()
}
