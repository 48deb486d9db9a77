//! Doc comments become descriptions.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{Attribute, Expr, Lit, Meta};

/// The text of the doc comments as a `const` expression, without the space after `///`; `None` if there is no text.
pub(crate) fn description(attributes: &[Attribute]) -> Option<TokenStream> {
    let mut lines = Vec::new();
    let mut included = Vec::new();
    for attribute in attributes.iter().filter(|a| a.path().is_ident("doc")) {
        let Meta::NameValue(doc) = &attribute.meta else {
            continue; // `#[doc(hidden)]`
        };
        match &doc.value {
            Expr::Lit(lit) => {
                if let Lit::Str(text) = &lit.lit {
                    lines.extend(text.value().lines().map(ToOwned::to_owned));
                    if text.value().is_empty() {
                        lines.push(String::new());
                    }
                }
            }
            // `#[doc = include_str!("…")]`: known to the compiler only.
            other => included.push(other.to_token_stream()),
        }
    }
    let text = dedent(&lines);
    match (text.is_empty(), included.as_slice()) {
        (true, []) => None,
        (false, []) => Some(quote!(#text)),
        (true, _) => Some(quote!(::core::concat!(#(#included),*))),
        (false, _) => Some(quote!(::core::concat!(#text, "\n", #(#included),*))),
    }
}

/// Takes away the margin that all lines share, and blank lines at both ends.
fn dedent(lines: &[String]) -> String {
    let margin = lines
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or(0);
    let cut: Vec<&str> = lines
        .iter()
        .map(|line| line.get(margin..).unwrap_or("").trim_end())
        .collect();
    cut.join("\n").trim_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn describe(item: &str) -> Option<String> {
        let item: syn::ItemFn = syn::parse_str(item).ok()?;
        description(&item.attrs).map(|t| t.to_string())
    }

    #[test]
    fn lines_are_joined_and_the_margin_goes() {
        assert_eq!(
            describe("/// Rolls.\n///\n///   - a\n#[doc(hidden)] fn f() {}").as_deref(),
            Some(r#""Rolls.\n\n  - a""#)
        );
        assert_eq!(
            describe("/** Rolls.\n    Twice. */ fn f() {}").as_deref(),
            Some(r#""Rolls.\n   Twice.""#)
        );
    }

    #[test]
    fn nothing_said_is_no_description() {
        assert_eq!(describe("fn f() {}"), None);
        assert_eq!(describe("///\nfn f() {}"), None);
    }

    #[test]
    fn an_included_file_is_left_to_the_compiler() {
        let text = describe("#[doc = include_str!(\"a.md\")] fn f() {}");
        assert_eq!(
            text.as_deref(),
            Some(":: core :: concat ! (include_str ! (\"a.md\"))")
        );
    }
}
