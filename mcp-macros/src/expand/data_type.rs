//! `#[mcp_type]`, written out: three derives that need nothing of the user's crate.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{Attribute, Item};

use super::common;
use crate::errors::Errors;

pub(crate) fn data_type(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let errors = Errors::new();
    if !arguments.is_empty() {
        errors.at(
            &arguments,
            "`#[mcp_type]` takes no entries",
            "shape the type with `#[serde(…)]` and `#[schemars(…)]` beside it",
        );
    }
    let parsed = syn::parse2(item.clone());
    let shaped = parsed.as_ref().ok().and_then(crate::lock::shaped);
    match parsed {
        Ok(Item::Struct(item)) => derives(&item.attrs, &errors),
        Ok(Item::Enum(item)) => derives(&item.attrs, &errors),
        Ok(other) => {
            let head: TokenStream = other.into_token_stream().into_iter().take(2).collect();
            errors.at(
                head,
                "`#[mcp_type]` goes on a struct or an enum",
                "for a function there is #[mcp_tool]",
            );
        }
        Err(error) => errors.push(error),
    }
    if let Some(mistakes) = errors.into_tokens() {
        return quote!(#item #mistakes);
    }
    let p = common::runtime();
    quote! {
        #[derive(#p::serde::Serialize, #p::serde::Deserialize, #p::schemars::JsonSchema)]
        #[serde(crate = "::mcp_runtime::__private::serde")]
        #[schemars(crate = "::mcp_runtime::__private::schemars")]
        #item
        #shaped
    }
}

/// Deriving a trait twice would give an error that names neither attribute.
fn derives(attributes: &[Attribute], errors: &Errors) {
    for attribute in attributes.iter().filter(|a| a.path().is_ident("derive")) {
        // What is malformed here, the compiler reports.
        let _ = attribute.parse_nested_meta(|meta| {
            let last = meta.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
            if ["Serialize", "Deserialize", "JsonSchema"].contains(&last.as_str()) {
                errors.at(
                    &meta.path,
                    format!("`#[mcp_type]` derives `{last}` already"),
                    "remove it from the list; or derive all three by hand and leave `#[mcp_type]` out",
                );
            }
            Ok(())
        });
    }
}
