//! `#[mcp_resource]`, written out.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::call::{Adapter, Conversion, adapter};
use super::common;
use crate::check::is_template;
use crate::model::{Resource, Source};

pub(super) fn expand(resource: &Resource) -> TokenStream {
    let p = common::runtime();
    let Resource { origin, about, .. } = resource;
    let Adapter { items, setters } = match &resource.source {
        Source::Function(function) => {
            let span = common::at(function.output.span());
            let conversion = Conversion {
                into: quote!(#p::ResourceBody),
                with: quote_spanned!(span=> #p::IntoResource::into_resource),
            };
            adapter(origin, function, &conversion)
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
    let hidden = resource.hidden.then(|| quote!(.hidden()));

    let descriptor = quote! {
        #p::ResourceDescriptor::new(#name, #description, #uri, __mcp_call, #place)
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
    let into = quote_spanned!(common::at(ty.span())=> #p::IntoResource::into_resource);
    let items = quote! {
        fn __mcp_call<'a>(
            __call: #p::Call<'a>,
        ) -> #p::BoxFuture<'a, ::core::result::Result<#p::ResourceBody, #p::Error>> {
            ::std::boxed::Box::pin(async move {
                __call.parse::<()>(&[])?;
                #into(#ident)
            })
        }
    };
    Adapter {
        items,
        setters: TokenStream::new(),
    }
}
