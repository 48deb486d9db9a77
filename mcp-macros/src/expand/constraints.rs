//! Constraints, written out: as keywords of the schema, and as checks of the value.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::common::{at, respanned, runtime};
use crate::model::{Argument, Constraints, Length, Number, Range};
use crate::text::json_string;

/// Whole numbers up to here are told apart by an `f64`.
const EXACT_IN_F64: u128 = 1 << 53;

/// The keywords with a typed check, and the header.
pub(super) fn mirrored(argument: &Argument) -> Vec<(String, String)> {
    let mut pairs = typed_keywords(&argument.constraints);
    if let Some(header) = &argument.header {
        pairs.push(("x-mcp-header".into(), json_string(&header.value())));
    }
    pairs
}

/// The keywords that a parameter checks on its value: each with its value as JSON text.
pub(super) fn typed_keywords(constraints: &Constraints) -> Vec<(String, String)> {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    if let Some(Range {
        min,
        max,
        exclusive,
        ..
    }) = &constraints.range
    {
        pairs.extend(min.map(|min| ("minimum", min.json())));
        let keyword = if *exclusive {
            "exclusiveMaximum"
        } else {
            "maximum"
        };
        pairs.extend(max.map(|max| (keyword, max.json())));
    }
    if let Some((above, _)) = &constraints.above {
        pairs.push(("exclusiveMinimum", above.json()));
    }
    if let Some(Length { min, max, .. }) = &constraints.length {
        // The runtime turns these into the words for lists and maps, where the type's schema is one.
        pairs.extend(min.map(|min| ("minLength", min.to_string())));
        pairs.extend(max.map(|max| ("maxLength", max.to_string())));
    }
    for (keyword, text) in [
        ("pattern", &constraints.pattern),
        ("format", &constraints.format),
    ] {
        pairs.extend(
            text.as_ref()
                .map(|text| (keyword, json_string(&text.value()))),
        );
    }
    pairs
        .into_iter()
        .map(|(keyword, json)| (keyword.to_owned(), json))
        .collect()
}

/// The keywords that the validator alone checks, and those that assert nothing. `items/pattern` is the pattern of a
/// list's items.
pub(super) fn further_keywords(constraints: &Constraints) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut push = |keyword: &str, json: String| pairs.push((keyword.to_owned(), json));
    if let Some(title) = &constraints.title {
        push("title", json_string(&title.value()));
    }
    if let Some((step, _)) = &constraints.multiple_of {
        push("multipleOf", step.json());
    }
    if constraints.unique.is_some() {
        push("uniqueItems", "true".into());
    }
    if let Some(constant) = &constraints.constant {
        push("const", constant.text.clone());
    }
    if !constraints.examples.is_empty() {
        let examples: Vec<_> = constraints
            .examples
            .iter()
            .map(|e| e.text.as_str())
            .collect();
        push("examples", format!("[{}]", examples.join(",")));
    }
    for (keyword, json) in &constraints.extend {
        push(&keyword.value(), json.text.clone());
    }
    for (at, inner) in [
        ("items", &constraints.items),
        ("additionalProperties", &constraints.values),
    ] {
        if let Some((_, inner)) = inner {
            let all = typed_keywords(inner)
                .into_iter()
                .chain(further_keywords(inner));
            pairs.extend(all.map(|(keyword, json)| (format!("{at}/{keyword}"), json)));
        }
    }
    pairs
}

/// The typed checks of the argument, as boolean expressions.
pub(super) fn checks(
    argument: &Argument,
    value: &Ident,
    statics: &mut TokenStream,
    index: usize,
) -> Vec<TokenStream> {
    let p = runtime();
    let mut checks = Vec::new();
    let argument = &argument.constraints;
    if let Some(range) = &argument.range {
        checks.push(range_check(range, value));
    }
    if let Some((above, tokens)) = &argument.above {
        checks.push(above_check(*above, tokens, value));
    }
    if let Some(length) = &argument.length {
        let end = |end: Option<u64>| match end {
            Some(end) => {
                let end = proc_macro2::Literal::u64_unsuffixed(end);
                quote!(::core::option::Option::Some(#end))
            }
            None => quote!(::core::option::Option::None),
        };
        let (min, max) = (end(length.min), end(length.max));
        let span = at(length.tokens.span());
        let value = respanned(value, span);
        checks.push(quote_spanned!(span=> #p::Lengthy::has_length(&#value, #min, #max)));
    }
    if let Some(pattern) = &argument.pattern {
        let name = format_ident!("__MCP_PATTERN_{index}");
        statics.extend(quote!(static #name: #p::Pattern = #p::Pattern::new(#pattern);));
        let span = at(pattern.span());
        let value = respanned(value, span);
        checks.push(quote_spanned!(span=> #p::Textual::matches(&#value, &#name)));
    }
    if let Some(format) = &argument.format {
        let span = at(format.span());
        let value = respanned(value, span);
        checks.push(quote_spanned!(span=> #p::Textual::has_format(&#value, #format)));
    }
    checks
}

fn above_check(above: Number, tokens: &TokenStream, value: &Ident) -> TokenStream {
    let p = runtime();
    let span = at(tokens.span());
    let value = respanned(value, span);
    // As with the upper end of a range: beyond 2^53 the argument must be an integer anyway.
    if let Number::Int(bound) = above
        && bound.unsigned_abs() > EXACT_IN_F64
    {
        let bound = proc_macro2::Literal::i128_suffixed(bound + 1);
        let some = quote!(::core::option::Option::Some(#bound));
        return quote_spanned!(span=> #p::Ranged::within_int(&#value, #some, ::core::option::Option::None));
    }
    let bound = proc_macro2::Literal::f64_suffixed(above.as_f64());
    quote_spanned! {span=>
        #p::Ranged::within(&#value, #p::Bounds {
            min: ::core::option::Option::Some(#bound),
            max: ::core::option::Option::None,
            exclusive_min: true,
            exclusive_max: false,
        })
    }
}

fn range_check(range: &Range, value: &Ident) -> TokenStream {
    let p = runtime();
    let span = at(range.tokens.span());
    let value = respanned(value, span);
    // An excluded whole number as an `f64` excludes neighbours too where they cannot be told apart; there, and only
    // there, the argument must be an integer anyway, and the bound is moved by one.
    let whole = |bound: Option<Number>, shift: i128| match bound {
        None => Some(quote!(::core::option::Option::None)),
        Some(Number::Int(bound)) => {
            let bound = proc_macro2::Literal::i128_suffixed(bound - shift);
            Some(quote!(::core::option::Option::Some(#bound)))
        }
        Some(Number::Float(_)) => None,
    };
    let is_large = matches!(range.max, Some(Number::Int(max)) if max.unsigned_abs() > EXACT_IN_F64);
    if (!range.exclusive || is_large)
        && let (Some(min), Some(max)) = (
            whole(range.min, 0),
            whole(range.max, i128::from(range.exclusive)),
        )
    {
        return quote_spanned!(span=> #p::Ranged::within_int(&#value, #min, #max));
    }
    let bound = |bound: Option<Number>| match bound {
        Some(bound) => {
            let bound = proc_macro2::Literal::f64_suffixed(bound.as_f64());
            quote!(::core::option::Option::Some(#bound))
        }
        None => quote!(::core::option::Option::None),
    };
    let (min, max, exclusive) = (bound(range.min), bound(range.max), range.exclusive);
    quote_spanned! {span=>
        #p::Ranged::within(&#value, #p::Bounds {
            min: #min,
            max: #max,
            exclusive_min: false,
            exclusive_max: #exclusive,
        })
    }
}
