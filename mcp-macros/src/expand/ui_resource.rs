//! `#[mcp_ui_resource]`, written out.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::LitStr;

use super::call::{Adapter, adapter};
use super::common;
use crate::model::{Csp, Source, UiResource};

pub(super) fn expand(resource: &UiResource) -> TokenStream {
    let p = common::runtime();
    let UiResource {
        origin, about, uri, ..
    } = resource;
    let ident = &origin.ident;
    let (items, setters, html) = match &resource.source {
        Source::Function(function) => {
            let output = &function.output;
            let into = quote!(<#output as #p::IntoHtml>::into_html);
            let Adapter {
                items,
                call,
                setters,
            } = adapter(origin, function, &into);
            (items, setters, quote!(Render(#call)))
        }
        Source::Const(_) => (TokenStream::new(), TokenStream::new(), quote!(Text(#ident))),
    };

    let (name, description) = (&about.name, &about.description);
    let place = common::place(origin);
    let title = common::title(about);
    let csp = csp(&resource.csp);
    let asked = &resource.permissions;
    let permissions = (!asked.is_empty()).then(|| {
        let all = ["camera", "microphone", "geolocation", "clipboard_write"];
        let fields = all.map(|name| Ident::new(name, Span::call_site()));
        let values = all.map(|name| asked.iter().any(|a| a == name));
        quote!(.permissions(#p::Permissions { #(#fields: #values),* }))
    });
    let domain = resource
        .domain
        .as_ref()
        .map(|domain| quote!(.domain(#domain)));
    let border = resource
        .prefers_border
        .map(|border| quote!(.prefers_border(#border)));

    let bridge = resource.bridge.then(|| quote!(.bridge()));
    let blob = resource.blob.then(|| quote!(.blob()));
    let versioned = resource.versioned.as_ref().map(|_| quote!(.versioned()));
    let ttl = resource.ttl_ms.map(|ms| quote!(.ttl_ms(#ms)));
    let allowed: Vec<String> = resource.allowed.iter().map(Ident::to_string).collect();
    let allowed = common::list("allowed", &allowed);

    let descriptor = quote! {
        #p::UiResourceDescriptor::new(#name, #description, #uri, #p::Html::#html, #place)
            #title #csp #permissions #domain #border #bridge #blob #versioned #ttl #allowed #setters
    };
    let more = quote! {
        #items
        impl #p::UiItem for #ident {
            const UI: &'static #p::UiResourceDescriptor = &__MCP_ITEM;
        }
    };
    common::item(
        origin,
        &Ident::new("UiResource", Span::call_site()),
        &descriptor,
        &more,
    )
}

fn csp(csp: &Csp) -> Option<TokenStream> {
    let p = common::runtime();
    let Csp {
        connect,
        resource,
        frame,
        base_uri,
    } = csp;
    let is_set = [connect, resource, frame, base_uri]
        .iter()
        .any(|origins: &&Vec<LitStr>| !origins.is_empty());
    is_set.then(|| {
        quote! {
            .csp(#p::Csp {
                connect: &[#(#connect),*],
                resource: &[#(#resource),*],
                frame: &[#(#frame),*],
                base_uri: &[#(#base_uri),*],
            })
        }
    })
}
