//! `#[mcp_prompt]`, written out.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::call::{Adapter, adapter};
use super::common;
use crate::model::Prompt;

pub(super) fn expand(prompt: &Prompt) -> TokenStream {
    let p = common::runtime();
    let Prompt {
        origin,
        about,
        function,
    } = prompt;
    let output = &function.output;
    let into = quote!(<#output as #p::IntoPrompt>::into_prompt);
    let Adapter {
        items,
        call,
        setters,
    } = adapter(origin, function, &into);

    let (name, description) = (&about.name, &about.description);
    let place = common::place(origin);
    let title = common::title(about);
    let icons = common::icons(&about.icons);
    let descriptor = quote! {
        #p::PromptDescriptor::new(#name, #description, #call, #place) #title #icons #setters
    };
    common::item(
        origin,
        &Ident::new("Prompt", Span::call_site()),
        &descriptor,
        &items,
    )
}
