//! The adapter around a user's function: reads the arguments, asks for what is provided, calls, converts.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::common::{at, runtime, runtime_at, setter};
use super::constraints::{checks, further_keywords, mirrored};
use super::default::{DefaultParts, default_of};
use crate::model::{Argument, Function, Origin, Param, ParamKind, Shape};
use crate::parse::types;

/// A function, ready to be named by a descriptor.
pub(super) struct Adapter {
    /// Patterns and computed defaults.
    pub(super) items: TokenStream,
    /// The closure that runs the function.
    pub(super) call: TokenStream,
    /// `.params(…).provided(…)`
    pub(super) setters: TokenStream,
}

/// The adapter, whose results go through the function `into` (of one of the runtime's `Into…` traits).
///
/// Each argument has a type of its own that stands for it, and all that is asked of the user's type is asked where that
/// type names it: the compiler reports a type that cannot be sent once, not at every use.
pub(super) fn adapter(origin: &Origin, function: &Function, into: &TokenStream) -> Adapter {
    let mut parts = Parts::default();
    for (index, param) in function.params.iter().enumerate() {
        match &param.kind {
            ParamKind::Argument(argument) => parts.argument(index, argument, function.is_async),
            ParamKind::Provided { ty, optional } => parts.provided(index, param, ty, *optional),
        }
    }
    let call = parts.call(origin, function, into);
    let Parts {
        items,
        sent,
        provided,
        ..
    } = parts;
    // Each in a `const` block of its own: a mere temporary would not live as long as the static.
    let params = (!sent.is_empty()).then(|| quote!(.params(const { &[#(&#sent),*] })));
    let provided = (!provided.is_empty()).then(|| quote!(.provided(const { &[#(&#provided),*] })));
    Adapter {
        items,
        call,
        setters: quote!(#params #provided),
    }
}

/// What the parameters add to the adapter, in their order.
#[derive(std::default::Default)]
struct Parts {
    items: TokenStream,
    /// The descriptions of what the caller sends, …
    sent: Vec<TokenStream>,
    /// … the types that stand for them, …
    markers: Vec<Ident>,
    /// … and the variables that they are read into.
    slots: Vec<Ident>,
    values: Vec<TokenStream>,
    checks: Vec<TokenStream>,
    /// The descriptions of what the server provides.
    provided: Vec<TokenStream>,
    asked: Vec<TokenStream>,
    /// The expressions of the call.
    passed: Vec<TokenStream>,
}

/// The user's function, boxed, with its result as suggestions.
fn complete(function: &syn::Expr) -> TokenStream {
    let p = runtime_at(function.span());
    quote_spanned! {function.span()=>
        .complete(|__typing| ::std::boxed::Box::pin(async move {
            #p::IntoCompletions::into_completions(#function(__typing).await)
        }))
    }
}

fn local(prefix: &str, index: usize) -> Ident {
    format_ident!("{prefix}{index}", span = Span::mixed_site())
}

impl Parts {
    fn argument(&mut self, index: usize, argument: &Argument, borrows: bool) {
        let p = runtime();
        let (slot, value) = (local("slot", index), local("value", index));
        let ty = &argument.ty;
        let option = quote!(::core::option::Option);
        // The blocking pool keeps what it gets: there a text cannot borrow from the request.
        let (lifetime, text) = if borrows {
            ("de", quote!(#p::Text<'de>))
        } else {
            ("static", quote!(::std::string::String))
        };
        let (read, passed) = match argument.shape {
            Shape::Owned => (types::elided_as(lifetime, ty), quote!(#value)),
            Shape::Text => (text, quote!(&*#value)),
            Shape::OptionalText => (quote!(#option<#text>), quote!(#value.as_deref())),
        };
        let marker = format_ident!("__McpArgument{index}");
        self.items.extend(quote! {
            enum #marker {}
            impl #p::Argument for #marker {
                type Value<'de> = #read;
            }
        });
        let default = argument
            .default
            .as_ref()
            .map(|d| default_of(d, argument, index));
        self.items.extend(default.as_ref().map(|d| d.item.clone()));
        let wire = &argument.wire;
        let describe = argument
            .description
            .as_ref()
            .map(|text| quote!(.describe(#text)));
        let published = default.as_ref().map(|d| &d.setter);
        let keywords = setter("keywords", mirrored(argument));
        let extended = setter("extend", further_keywords(&argument.constraints));
        let complete = argument.complete.as_ref().map(complete);
        self.sent.push(quote! {
            #p::Param::of::<#marker>(#wire) #describe #published #keywords #extended #complete
        });
        self.values.push(match default {
            None => quote!(let #value = __call.or_absent::<#marker>(#slot)?;),
            Some(DefaultParts { value: default, .. }) => quote! {
                let #value = match #slot {
                    #option::Some(sent) => sent,
                    #option::None => #default,
                };
            },
        });
        self.checks
            .extend(checks(argument, &value, &mut self.items, index));
        self.markers.push(marker);
        self.slots.push(slot);
        self.passed.push(passed);
    }

    fn provided(&mut self, index: usize, param: &Param, ty: &syn::Type, optional: bool) {
        let p = runtime();
        let value = local("value", index);
        let name = param.ident.to_string();
        let (of, provide, passed) = if optional {
            (
                quote!(optional),
                quote!(provide_optional),
                quote!(#value.as_deref()),
            )
        } else {
            (quote!(of), quote!(provide), quote!(&*#value))
        };
        let position = self.provided.len();
        self.provided.push(quote!(#p::Provided::#of::<#ty>(#name)));
        self.asked.push(quote! {
            let #value = __call.#provide::<#ty>(__MCP_ITEM.provided[#position]).await?;
        });
        self.passed.push(passed);
    }

    fn call(&self, origin: &Origin, function: &Function, into: &TokenStream) -> TokenStream {
        let p = runtime();
        let Self {
            markers,
            slots,
            values,
            checks,
            asked,
            passed,
            ..
        } = self;
        let arguments = markers
            .iter()
            .rfold(quote!(()), |rest, marker| quote!((#marker, #rest)));
        let pattern = slots
            .iter()
            .rfold(quote!(()), |rest, slot| quote!((#slot, #rest)));
        let parse = if slots.is_empty() {
            quote!(__call.parse::<()>(&[])?;)
        } else {
            quote!(let #pattern = __call.parse::<#arguments>(__MCP_ITEM.params)?;)
        };
        let checks = (!checks.is_empty()).then(|| {
            quote! {
                if !(#(#checks)&&*) {
                    return ::core::result::Result::Err(__call.refuse());
                }
            }
        });
        let name = &origin.ident;
        let run = if function.is_async {
            quote!(#name(#(#passed),*).await)
        } else {
            quote!(#p::blocking(move || #name(#(#passed),*)).await?)
        };
        let body = quote! {
            #parse
            #(#values)*
            #checks
            #(#asked)*
            #into(#run)
        };
        // A future that is not `Send` is reported here: at the name of the function.
        let span = at(name.span());
        let pinned = quote_spanned!(span=> ::std::boxed::Box::pin(async move { #body }));
        quote!(|__call| #pinned)
    }
}
