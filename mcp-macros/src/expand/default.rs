//! What an argument or a field is when the caller leaves it out.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::common::{at, respanned, runtime_at};
use crate::model::{Argument, Default, Literal, Shape};
use crate::parse::entries::literal;
use crate::parse::types;

pub(super) struct DefaultParts {
    /// `fn __mcp_default_0() -> T`: where a default of the wrong type is reported, once.
    pub(super) item: TokenStream,
    /// `.default_json(…)` or `.default_with(…)`
    pub(super) setter: TokenStream,
    /// The value for a call that leaves the argument out.
    pub(super) value: TokenStream,
}

pub(super) fn default_of(default: &Default, argument: &Argument, index: usize) -> DefaultParts {
    let function = format_ident!("__mcp_default_{index}");
    let ty = &argument.ty;
    match default {
        Default::Null(null) => {
            let span = at(null.span());
            let p = runtime_at(span);
            DefaultParts {
                item: TokenStream::new(),
                setter: quote!(.default_json("null")),
                value: quote_spanned!(span=> #p::Nullish::null()),
            }
        }
        Default::Literal { value, expr } => {
            let json = value.json();
            let setter = quote!(.default_json(#json));
            if argument.shape != Shape::Owned {
                let item = TokenStream::new();
                let value = quote!(::core::convert::From::from(#expr));
                return DefaultParts {
                    item,
                    setter,
                    value,
                };
            }
            let value = literal_of(ty, value, expr);
            DefaultParts {
                item: quote!(fn #function() -> #ty { #value }),
                setter,
                value: quote!(#function()),
            }
        }
        Default::Computed(expr) => {
            let (ty, value) = match argument.shape {
                Shape::Owned => (quote!(#ty), quote!(#function())),
                Shape::Text => (
                    quote!(&'static str),
                    quote!(::core::convert::From::from(#function())),
                ),
                Shape::OptionalText => (
                    quote!(::core::option::Option<&'static str>),
                    quote!(#function().map(::core::convert::From::from)),
                ),
            };
            let span = at(expr.span());
            let p = runtime_at(span);
            let reported = respanned(&function, span);
            let json = quote_spanned!(span=> #p::Published::publish(#reported()));
            let computed = computed_of(&argument.ty, expr);
            DefaultParts {
                item: quote!(fn #function() -> #ty { #computed }),
                setter: quote!(.default_with(|| #json)),
                value,
            }
        }
    }
}

/// A literal as a value of the type.
pub(super) fn literal_of(ty: &syn::Type, value: &Literal, expr: &syn::Expr) -> TokenStream {
    match value {
        Literal::Str(_) => quote!(::core::convert::From::from(#expr)),
        Literal::Int(value) if types::is_big_integer(ty) => {
            let value = proc_macro2::Literal::i128_suffixed(*value);
            quote!(::core::convert::From::from(#value))
        }
        _ => quote!(#expr),
    }
}

/// An expression as a value of the type: `["a", "b"]` may stand for a list of strings.
pub(super) fn computed_of(ty: &syn::Type, expr: &syn::Expr) -> TokenStream {
    let syn::Expr::Array(array) = expr else {
        return quote!(#expr);
    };
    if !types::has_generics(ty) {
        return quote!(#expr);
    }
    let is_text = |e: &syn::Expr| matches!(literal(e), Some(Literal::Str(_)));
    let owned = array.elems.iter().map(|e| {
        if is_text(e) {
            quote!(::std::string::String::from(#e))
        } else {
            quote!(#e)
        }
    });
    quote!(::core::iter::Iterator::collect(::core::iter::IntoIterator::into_iter([#(#owned),*])))
}
