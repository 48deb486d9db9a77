//! What stands in for an item with a mistake, so that nothing that names it breaks too.

use proc_macro2::TokenStream;
use quote::quote;

use super::common;
use crate::model::Origin;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Tool,
    Resource,
    Prompt,
    UiResource,
}

impl Kind {
    pub(super) fn attribute(self) -> &'static str {
        match self {
            Self::Tool => "#[mcp_tool]",
            Self::Resource => "#[mcp_resource]",
            Self::Prompt => "#[mcp_prompt]",
            Self::UiResource => "#[mcp_ui_resource]",
        }
    }

    /// What the attribute stands on, and what to do where it does not.
    pub(super) fn belongs_on(self) -> (&'static str, &'static str) {
        match self {
            Self::Tool => (
                "a function",
                "write `#[mcp_tool] async fn …`; for a type there is #[mcp_type]",
            ),
            Self::Prompt => (
                "a function",
                "write `#[mcp_prompt] fn …`; it may return a constant text",
            ),
            Self::Resource => (
                "a function or a const",
                "write `const NAME: &str = …`, or a function that returns it",
            ),
            Self::UiResource => (
                "a const or a function",
                "write `const CARD: &str = include_str!(\"card.html\");`",
            ),
        }
    }
}

/// The item's companion with a descriptor that is never served: the build has failed already.
pub(super) fn stub(kind: Kind, origin: &Origin) -> TokenStream {
    let p = common::runtime();
    let (descriptor, new, item) = match kind {
        Kind::Tool => (
            quote!(#p::ToolDescriptor),
            quote!(#p::ToolDescriptor::new("", "", |_| ::core::unreachable!(), #p::place!())),
            quote!(Tool),
        ),
        Kind::Resource => (
            quote!(#p::ResourceDescriptor),
            quote!(#p::ResourceDescriptor::new("", "", #p::Uri::Fixed(""), |_| ::core::unreachable!(), #p::place!())),
            quote!(Resource),
        ),
        Kind::Prompt => (
            quote!(#p::PromptDescriptor),
            quote!(#p::PromptDescriptor::new("", "", |_| ::core::unreachable!(), #p::place!())),
            quote!(Prompt),
        ),
        Kind::UiResource => (
            quote!(#p::UiResourceDescriptor),
            quote!(#p::UiResourceDescriptor::new("", "", "", #p::Html::Text(""), #p::place!())),
            quote!(UiResource),
        ),
    };
    let ident = &origin.ident;
    let as_view = (kind == Kind::UiResource).then(|| {
        quote! {
            impl #p::UiItem for #ident {
                const UI: &'static #p::UiResourceDescriptor = &__MCP_ITEM;
            }
        }
    });
    let content = quote! {
        static __MCP_ITEM: #descriptor = #new;
        impl #p::McpItem for #ident {
            const ITEM: #p::Item = #p::Item::#item(&__MCP_ITEM);
        }
        #as_view
    };
    let companion = common::companion(origin);
    let hidden = common::hidden(origin, &content);
    quote!(#companion #hidden)
}
