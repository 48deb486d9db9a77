//! wip
use proc_macro::TokenStream;
/// x
#[proc_macro_attribute]
pub fn mcp_tool(_: TokenStream, i: TokenStream) -> TokenStream {
    i
}
/// x
#[proc_macro_attribute]
pub fn mcp_resource(_: TokenStream, i: TokenStream) -> TokenStream {
    i
}
/// x
#[proc_macro_attribute]
pub fn mcp_prompt(_: TokenStream, i: TokenStream) -> TokenStream {
    i
}
/// x
#[proc_macro_attribute]
pub fn mcp_type(_: TokenStream, i: TokenStream) -> TokenStream {
    i
}
/// x
#[proc_macro_attribute]
pub fn mcp_ui_resource(_: TokenStream, i: TokenStream) -> TokenStream {
    i
}
