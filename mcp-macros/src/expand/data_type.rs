//! `#[mcp_type]`, written out: three derives that need nothing of the user's crate, and what the fields say.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Item, parse_quote};

use super::common;
use super::constraints::{further_keywords, typed_keywords};
use super::default::{computed_of, literal_of};
use crate::check;
use crate::errors::Errors;
use crate::model::{Constraints, DataType, Default, Field};
use crate::parse::data_type::{data_type as parse, for_each_field};

pub(crate) fn data_type(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let errors = Errors::new();
    let parsed = syn::parse2::<Item>(item.clone());
    let shaped = parsed.as_ref().ok().and_then(crate::lock::shaped);
    let data = match parsed {
        Ok(parsed) => parse(arguments, parsed, &errors),
        Err(error) => {
            errors.push(error);
            None
        }
    };
    if let Some(data) = &data {
        check::data_type(data, &errors);
    }
    match (errors.into_tokens(), data) {
        (None, Some(data)) => {
            let item = expand(data);
            quote!(#item #shaped)
        }
        // The traits too, so that nothing that names the type breaks.
        (mistakes, Some(data)) => {
            let derives = data.derives.then(derives);
            let item = data.item;
            quote!(#derives #item #mistakes)
        }
        (mistakes, None) => quote!(#item #mistakes),
    }
}

fn derives() -> TokenStream {
    let p = common::runtime();
    quote! {
        #[derive(#p::serde::Serialize, #p::serde::Deserialize, #p::schemars::JsonSchema)]
        #[serde(crate = "::mcp_runtime::__private::serde")]
        #[schemars(crate = "::mcp_runtime::__private::schemars")]
    }
}

fn expand(data: DataType) -> TokenStream {
    let p = common::runtime();
    let DataType {
        mut item,
        ident,
        constraints,
        closed,
        one_of,
        shared,
        fields,
        ..
    } = data;
    let mut defaults = TokenStream::new();
    let mut fields = fields.into_iter().enumerate();
    for_each_field(&mut item, |field| {
        if let Some((index, Some(ours))) = fields.next() {
            let name = format_ident!(
                "__mcp_default_{ident}_{index}",
                span = Span::call_site().located_at(ident.span())
            );
            field.attrs.extend(attributes(&ours, &name));
            defaults.extend(default_function(&ours, &name));
        }
    });
    let derives = derives();
    let closed = closed.then(|| quote!(#[serde(deny_unknown_fields)]));
    let extended = extended(&constraints, None);
    let extended = extended.map(|marks| quote!(#[schemars(#marks)]));
    let one_of = one_of.then(|| quote!(#[schemars(transform = #p::one_of)]));
    let shared =
        shared.map(|name| quote!(#[schemars(rename = #name, transform = #p::share(#name))]));
    quote! {
        #derives
        #closed
        #extended
        #one_of
        #shared
        #item
        #defaults
    }
}

/// What serde and schemars are told of a field.
fn attributes(field: &Field, default: &Ident) -> Vec<syn::Attribute> {
    let mut attributes = Vec::new();
    let wire = &field.argument.wire;
    if field.renamed {
        attributes.push(parse_quote!(#[serde(rename = #wire)]));
    }
    match &field.argument.default {
        None => {}
        Some(Default::Null(_)) => attributes.push(parse_quote!(#[serde(default)])),
        Some(_) => {
            let path = default.to_string();
            attributes.push(parse_quote!(#[serde(default = #path)]));
        }
    }
    if let Some(description) = &field.argument.description {
        attributes.push(parse_quote!(#[schemars(description = #description)]));
    }
    let null = matches!(&field.argument.default, Some(Default::Null(_)));
    let null = null.then_some(("default".to_owned(), "null".to_owned()));
    if let Some(marks) = extended(&field.argument.constraints, null) {
        attributes.push(parse_quote!(#[schemars(#marks)]));
    }
    if field.left_out {
        attributes.push(parse_quote!(#[schemars(extend("x-mcp-left-out" = true))]));
    }
    attributes
}

/// The mark that the runtime replaces by the keywords, when it makes the schema portable.
fn extended(constraints: &Constraints, more: Option<(String, String)>) -> Option<TokenStream> {
    let p = common::runtime();
    let pairs = typed_keywords(constraints)
        .into_iter()
        .chain(further_keywords(constraints))
        .chain(more);
    let pairs: Vec<_> = pairs
        .map(|(keyword, json)| quote!((#keyword, #json)))
        .collect();
    (!pairs.is_empty()).then(|| quote!(extend("x-mcp-keywords" = #p::keywords(&[#(#pairs),*]))))
}

fn default_function(field: &Field, name: &Ident) -> Option<TokenStream> {
    let ty = &field.argument.ty;
    let value = match field.argument.default.as_ref()? {
        Default::Null(_) => return None,
        Default::Literal { value, expr } => literal_of(ty, value, expr),
        Default::Computed(expr) => computed_of(ty, expr),
    };
    Some(quote! {
        #[doc(hidden)]
        #[allow(non_snake_case)]
        fn #name() -> #ty {
            #value
        }
    })
}
