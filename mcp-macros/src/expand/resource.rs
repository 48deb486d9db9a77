//! `#[mcp_resource]`, written out.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::call::{Adapter, adapter};
use super::common;
use crate::check::is_template;
use crate::model::{Resource, Source};

pub(super) fn expand(resource: &Resource) -> TokenStream {
    let p = common::runtime();
    let Resource { origin, about, .. } = resource;
    let Adapter {
        items,
        call,
        setters,
    } = match &resource.source {
        Source::Function(function) => {
            let output = &function.output;
            let into = quote!(<#output as #p::IntoResource>::into_resource);
            adapter(origin, function, &into)
        }
        Source::Const(ty) => constant(resource, ty),
    };

    let (name, description) = (&about.name, &about.description);
    let uri = resource.uri.as_ref().map(|uri| {
        let kind = if is_template(&uri.value()) {
            quote!(Template)
        } else {
            quote!(Fixed)
        };
        quote!(#p::Uri::#kind(#uri))
    });
    let place = common::place(origin);
    let title = common::title(about);
    let mime_type = resource
        .mime_type
        .as_ref()
        .map(|mime| quote!(.mime_type(#mime)));
    let icons = common::icons(&about.icons);
    let audience: Vec<_> = resource
        .audience
        .iter()
        .map(|who| quote!(#p::Role::#who))
        .collect();
    let audience = common::list("audience", &audience);
    let priority = resource
        .priority
        .map(|priority| quote!(.priority(#priority)));
    let scopes = common::list("scopes", &resource.scopes);
    let hidden = resource.hidden.is_some().then(|| quote!(.hidden()));

    let descriptor = quote! {
        #p::ResourceDescriptor::new(#name, #description, #uri, #call, #place)
            #title #mime_type #icons #audience #priority #scopes #hidden #setters
    };
    common::item(
        origin,
        &Ident::new("Resource", Span::call_site()),
        &descriptor,
        &items,
    )
}

/// A const is read as it stands; arguments it has none.
fn constant(resource: &Resource, ty: &syn::Type) -> Adapter {
    let p = common::runtime();
    let ident = &resource.origin.ident;
    let call = quote! {
        |__call| ::std::boxed::Box::pin(async move {
            __call.parse::<()>(&[])?;
            <#ty as #p::IntoResource>::into_resource(#ident)
        })
    };
    Adapter {
        items: TokenStream::new(),
        call,
        setters: TokenStream::new(),
    }
}
