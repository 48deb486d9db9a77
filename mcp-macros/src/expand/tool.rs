//! `#[mcp_tool]`, written out.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::LitStr;

use super::call::{Adapter, adapter};
use super::common::{self, setter};
use crate::model::{Hints, Json, Schema, Tool};

pub(super) fn expand(tool: &Tool) -> TokenStream {
    let p = common::runtime();
    let Tool {
        origin,
        about,
        function,
        ..
    } = tool;
    let output = &function.output;
    let into = quote!(<#output as #p::IntoToolResult>::into_tool_result);
    let Adapter {
        items,
        call,
        setters,
    } = adapter(origin, function, &into);

    let (name, description) = (&about.name, &about.description);
    let place = common::place(origin);
    let title = common::title(about);
    let icons = common::icons(&about.icons);
    let hints = hints(&tool.hints);
    let scopes = common::list("scopes", &tool.scopes);
    let hidden = tool.hidden.is_some().then(|| quote!(.hidden()));
    let visibility: Vec<_> = tool
        .visibility
        .iter()
        .map(|who| quote!(#p::Audience::#who))
        .collect();
    let visibility = common::list("visibility", &visibility);
    let aliases = common::list("aliases", &tool.aliases);
    let ui = tool.ui.as_ref().map(view);
    let open = tool.open.then(|| quote!(.open()));
    let schema = tool.schema.as_ref().map(|schema| match schema {
        Schema::Inline(text) => quote!(.schema_text(#text)),
        Schema::File(path) => quote! {
            .schema_text(::core::include_str!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", #path)))
        },
    });
    let annotations_title = tool
        .annotations_title
        .as_ref()
        .map(|title| quote!(.annotations_title(#title)));
    let meta = setter("meta", pairs(&tool.meta));
    let extend = setter("extend", pairs(&tool.extend));
    let definitions: Vec<_> = tool
        .definitions
        .iter()
        .map(|ty| quote!(#p::definition::<#ty>))
        .collect();
    let definitions = common::list("definitions", &definitions);
    let timeout = tool.timeout_ms.map(|ms| quote!(.timeout_ms(#ms)));
    let task = tool
        .task
        .as_ref()
        .map(|support| quote!(.task(#p::TaskSupport::#support)));

    let descriptor = quote! {
        #p::ToolDescriptor::new(#name, #description, #call, #place)
            #title #annotations_title #meta #extend #definitions #hints #icons #scopes #hidden #visibility #aliases #ui #open #schema #timeout #task #setters
            .output(<#output as #p::IntoToolResult>::output_schema)
    };
    let shown = tool
        .ui
        .is_some()
        .then(|| quote!(const _: () = #p::assert_ui_result::<#output>();));
    let lock = crate::lock::tokens(tool);
    common::item(
        origin,
        &Ident::new("Tool", Span::call_site()),
        &descriptor,
        &quote!(#items #shown #lock),
    )
}

/// The view that a path names.
///
/// A plain const is no type, and the compiler would say so in words that help nobody. So the path is imported under a
/// name that a glob import has too: an import of a value alone leaves that name to the glob's type, which is no view,
/// and the trait says it in ours.
fn view(path: &syn::Path) -> TokenStream {
    let p = common::runtime();
    let span = path
        .segments
        .last()
        .map_or_else(Span::call_site, |s| s.ident.span());
    let named = Ident::new("__McpView", common::at(span));
    quote! {
        .ui({
            #[allow(unused_imports)]
            use #p::not_a_view::*;
            #[allow(unused_imports)]
            use #path as #named;
            <#named as #p::UiItem>::UI
        })
    }
}

fn hints(hints: &Hints) -> TokenStream {
    let read_only = hints.read_only.map(|hint| quote!(.read_only(#hint)));
    let destructive = hints
        .destructive
        .as_ref()
        .map(|(hint, _)| quote!(.destructive(#hint)));
    let idempotent = hints.idempotent.map(|hint| quote!(.idempotent(#hint)));
    let open_world = hints.open_world.map(|hint| quote!(.open_world(#hint)));
    quote!(#read_only #destructive #idempotent #open_world)
}

fn pairs(pairs: &[(LitStr, Json)]) -> Vec<(String, String)> {
    let pair = |(name, json): &(LitStr, Json)| (name.value(), json.text.clone());
    pairs.iter().map(pair).collect()
}
