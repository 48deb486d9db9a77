//! The pieces that all expansions share.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::model::{About, Icon, Origin};

/// Where generated code finds the runtime, whatever the user has imported.
pub(super) fn runtime() -> TokenStream {
    quote!(::mcp_runtime::__private)
}

/// The same, for what is to be reported at `span`: the compiler points at a path from its first token on.
pub(super) fn runtime_at(span: Span) -> TokenStream {
    quote_spanned!(span=> ::mcp_runtime::__private)
}

/// Points at the user's code, yet counts as ours: lints leave it alone.
pub(super) fn at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// The empty type that carries the item's traits under the item's own path.
pub(super) fn companion(origin: &Origin) -> TokenStream {
    let Origin {
        visibility,
        inherited,
        ident,
        ..
    } = origin;
    // Found by users' paths, so resolved where they are.
    let ident = Ident::new(
        &ident.to_string(),
        Span::call_site().located_at(ident.span()),
    );
    quote! {
        #inherited
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, dead_code, unreachable_pub)]
        #[doc(hidden)]
        #visibility struct #ident {}
    }
}

/// Puts what only we name where users cannot see it.
pub(super) fn hidden(origin: &Origin, content: &TokenStream) -> TokenStream {
    let inherited = &origin.inherited;
    quote! {
        #inherited
        const _: () = { #content };
    }
}

/// The static with the descriptor, the traits of the companion, and the registration.
pub(super) fn item(
    origin: &Origin,
    kind: &Ident,
    descriptor: &TokenStream,
    more: &TokenStream,
) -> TokenStream {
    let p = runtime();
    let ident = &origin.ident;
    let ty = Ident::new(&format!("{kind}Descriptor"), Span::call_site());
    let content = quote! {
        static __MCP_ITEM: #p::#ty = #descriptor;
        impl #p::McpItem for #ident {
            const ITEM: #p::Item = #p::Item::#kind(&__MCP_ITEM);
        }
        #p::submit!(#p::Item::#kind(&__MCP_ITEM));
        #more
    };
    let companion = companion(origin);
    let hidden = hidden(origin, &content);
    quote!(#companion #hidden)
}

/// Where the item is written: `line!()` tells the line of its outermost caller, so the call must pass for the user's.
pub(super) fn place(origin: &Origin) -> TokenStream {
    let span = origin.ident.span();
    let p = runtime_at(span);
    quote_spanned!(span=> #p::place!())
}

pub(super) fn title(about: &About) -> Option<TokenStream> {
    about.title.as_ref().map(|title| quote!(.title(#title)))
}

pub(super) fn icons(icons: &[Icon]) -> Option<TokenStream> {
    let p = runtime();
    let icon = |icon: &Icon| {
        let src = &icon.src;
        let mime = icon.mime.as_ref().map(|mime| quote!(.mime_type(#mime)));
        let sizes = &icon.sizes;
        let sizes = (!sizes.is_empty()).then(|| quote!(.sizes(&[#(#sizes),*])));
        let theme = icon.theme.as_ref().map(|theme| quote!(.theme(#theme)));
        quote!(#p::Icon::new(#src) #mime #sizes #theme)
    };
    let list = icons.iter().map(icon);
    (!icons.is_empty()).then(|| quote!(.icons(const { &[#(#list),*] })))
}

/// `.method(&[a, b])`, where there is something to list.
pub(super) fn list<T: quote::ToTokens>(method: &str, values: &[T]) -> Option<TokenStream> {
    let method = Ident::new(method, Span::call_site());
    (!values.is_empty()).then(|| quote!(.#method(&[#(#values),*])))
}

/// The same name, pointing at a constraint or a default: there a value that cannot have it is reported.
pub(super) fn respanned(value: &Ident, span: Span) -> Ident {
    let mut value = value.clone();
    value.set_span(span);
    value
}

/// `.method(&[("keyword", "JSON"), …])`
pub(super) fn setter(method: &str, pairs: Vec<(String, String)>) -> Option<TokenStream> {
    let method = Ident::new(method, Span::call_site());
    let pairs = pairs
        .iter()
        .map(|(keyword, json)| quote!((#keyword, #json)));
    let pairs: Vec<_> = pairs.collect();
    (!pairs.is_empty()).then(|| quote!(.#method(&[#(#pairs),*])))
}
