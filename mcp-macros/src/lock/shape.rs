//! What no token tells, the type is asked: an alias, a type with `#[mcp_type]`. The answers are constants of the
//! runtime's trait `Shaped`; a type without it is not judged here.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::file::{Lock, Property, Tool as Locked};
use super::json::Json;
use super::{judge, named};
use crate::model::{Argument, Param, Tool};
use crate::parse::types::Primitive;

/// Constant assertions about the types of the arguments that were locked.
pub(super) fn questions(lock: &Lock, locked: &Locked, tool: &Tool) -> TokenStream {
    let arguments = tool.function.arguments();
    arguments
        .filter(|(_, argument)| Primitive::of(&argument.ty).is_none())
        .filter_map(|(param, argument)| {
            let name = argument.wire.value();
            let property = locked.properties.iter().find(|p| p.name == name)?;
            question(lock, property, param, argument)
        })
        .collect()
}

fn question(
    lock: &Lock,
    locked: &Property,
    param: &Param,
    argument: &Argument,
) -> Option<TokenStream> {
    let span = argument.ty.span();
    let ty = &argument.ty;
    let shown = named(&param.ident);
    let mut asserts = TokenStream::new();
    let mut assert = |question: TokenStream, what: &str| {
        let message = format!(
            "the argument `{shown}` {what}, against the locked version {}\n\nhelp: {}",
            lock.version,
            judge::ways_out(lock)
        );
        asserts.extend(quote_spanned!(span=> ::core::assert!(__SHAPE.#question, #message);));
    };
    let mask = mask(&locked.types);
    if mask != 0 {
        let was = locked.types.join(" or ");
        assert(
            quote!(lets(#mask)),
            &format!("was {was} and is of another type"),
        );
    }
    if !locked.is_required && judge::is_required(argument).is_none() {
        assert(quote!(may_be_absent()), "could be left out and is required");
    }
    match &locked.values {
        Some(values) => {
            for value in values {
                assert(
                    quote!(has(#value)),
                    &format!("could be {value:?} and no longer can"),
                );
            }
        }
        None if mask != 0 => assert(quote!(is_free()), "was free and is one of a few values"),
        None => {}
    }
    // Whatever `range` says, which its tokens tell: the type must hold what could be sent.
    let bound = |keyword: &str| locked.get(keyword).and_then(Json::integer);
    if let Some(min) = bound("minimum") {
        assert(
            quote!(reaches_down_to(#min)),
            &format!("could be {min} and no longer can"),
        );
    }
    if let Some(max) = bound("maximum") {
        assert(
            quote!(reaches_up_to(#max)),
            &format!("could be {max} and no longer can"),
        );
    }
    if asserts.is_empty() {
        return None;
    }
    Some(quote! {
        const _: () = {
            #[allow(unused_imports)]
            use ::mcp_runtime::__private::Unshaped as _;
            const __SHAPE: ::mcp_runtime::__private::Shape = <::mcp_runtime::__private::Probe<#ty>>::SHAPE;
            #asserts
        };
    })
}

/// The types as the runtime's `Shape` counts them; 0 where one is not known.
fn mask(types: &[String]) -> u8 {
    const BITS: [(&str, u8); 7] = [
        ("integer", 1),
        ("number", 2),
        ("string", 4),
        ("boolean", 8),
        ("array", 16),
        ("object", 32),
        ("null", 64),
    ];
    let bit = |word: &String| {
        BITS.iter()
            .find(|(known, _)| known == word)
            .map(|(_, bit)| *bit)
    };
    let bits: Option<Vec<u8>> = types.iter().map(bit).collect();
    bits.unwrap_or_default()
        .into_iter()
        .fold(0, |all, bit| all | bit)
}
