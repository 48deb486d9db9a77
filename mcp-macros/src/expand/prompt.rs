//! `#[mcp_prompt]`, written out.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::call::{Adapter, Conversion, adapter};
use super::common;
use crate::model::Prompt;

pub(super) fn expand(prompt: &Prompt) -> TokenStream {
    let p = common::runtime();
    let Prompt {
        origin,
        about,
        function,
    } = prompt;
    let conversion = Conversion {
        into: quote!(#p::PromptResult),
        with: quote_spanned!(common::at(function.output.span())=> #p::IntoPrompt::into_prompt),
    };
    let Adapter { items, setters } = adapter(origin, function, &conversion);

    let (name, description) = (&about.name, &about.description);
    let place = common::place(origin);
    let title = common::title(about);
    let icons = common::icons(&about.icons);
    let descriptor = quote! {
        #p::PromptDescriptor::new(#name, #description, __mcp_call, #place) #title #icons #setters
    };
    common::item(
        origin,
        &Ident::new("Prompt", Span::call_site()),
        &descriptor,
        &items,
    )
}
