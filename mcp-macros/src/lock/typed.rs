//! The outline of a type with `#[mcp_type]`: the texts of an enum, or an object. Where serde's attributes say more than
//! names, there is none, and nothing is judged by it.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt as _;
use syn::{Attribute, Fields, Generics, Item, LitStr};

/// `impl Shaped`, where the outline is known.
pub(crate) fn shaped(item: &Item) -> Option<TokenStream> {
    let (ident, generics, shape) = match item {
        Item::Enum(item) => {
            let case = Names::of(&item.attrs)?.rename_all;
            let each = item.variants.iter().map(|variant| {
                let names = Names::of(&variant.attrs)?;
                let is_plain = matches!(variant.fields, Fields::Unit) && names.rename_all.is_none();
                let name = variant.ident.unraw().to_string();
                is_plain.then(|| names.rename.or_else(|| in_case(&name, case.as_deref())))?
            });
            let values: Vec<String> = each.collect::<Option<_>>()?;
            (&item.ident, &item.generics, quote!(one_of(&[#(#values),*])))
        }
        Item::Struct(item) if matches!(item.fields, Fields::Named(_)) => {
            Names::of(&item.attrs)?;
            (&item.ident, &item.generics, quote!(object()))
        }
        _ => return None,
    };
    Some(implement(ident, generics, &shape))
}

fn implement(ident: &Ident, generics: &Generics, shape: &TokenStream) -> TokenStream {
    let (generics, arguments, bounds) = generics.split_for_impl();
    quote! {
        impl #generics ::mcp_runtime::__private::Shaped for #ident #arguments #bounds {
            const SHAPE: ::mcp_runtime::__private::Shape = ::mcp_runtime::__private::Shape::#shape;
        }
    }
}

/// What `#[serde(…)]` says of names.
#[derive(Default)]
struct Names {
    rename: Option<String>,
    rename_all: Option<String>,
}

impl Names {
    /// `None` where it says more than names, or nobody knows what it says.
    fn of(attributes: &[Attribute]) -> Option<Self> {
        let mut names = Self::default();
        for attribute in attributes {
            // What stands under a condition is not known here.
            if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
                return None;
            }
            if !attribute.path().is_ident("serde") && !attribute.path().is_ident("schemars") {
                continue;
            }
            attribute
                .parse_nested_meta(|meta| {
                    let text = || meta.value()?.parse::<LitStr>().map(|text| text.value());
                    if meta.path.is_ident("rename") {
                        names.rename = Some(text()?);
                    } else if meta.path.is_ident("rename_all") {
                        names.rename_all = Some(text()?);
                    } else if !meta.path.is_ident("deny_unknown_fields")
                        && !meta.path.is_ident("title")
                    {
                        return Err(meta.error("more than a name"));
                    } else if meta.path.is_ident("title") {
                        text()?;
                    }
                    Ok(())
                })
                .ok()?;
        }
        Some(names)
    }
}

/// A variant's name in one of serde's cases.
fn in_case(name: &str, case: Option<&str>) -> Option<String> {
    let separated = |separator: char| {
        let mut out = String::new();
        for (i, c) in name.char_indices() {
            if c.is_uppercase() && i > 0 {
                out.push(separator);
            }
            out.extend(c.to_lowercase());
        }
        out
    };
    let first_low = || {
        let mut chars = name.chars();
        let first = chars.next().map(|c| c.to_ascii_lowercase());
        first.into_iter().chain(chars).collect()
    };
    Some(match case {
        None | Some("PascalCase") => name.to_owned(),
        Some("lowercase") => name.to_lowercase(),
        Some("UPPERCASE") => name.to_uppercase(),
        Some("camelCase") => first_low(),
        Some("snake_case") => separated('_'),
        Some("SCREAMING_SNAKE_CASE") => separated('_').to_uppercase(),
        Some("kebab-case") => separated('-'),
        Some("SCREAMING-KEBAB-CASE") => separated('-').to_uppercase(),
        Some(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<String> {
        let item: Item = syn::parse_str(text).expect(text);
        Some(shaped(&item)?.to_string().replace(' ', ""))
    }

    #[test]
    fn the_texts_of_an_enum_are_those_of_serde() {
        for (text, values) in [
            (
                "enum A { One, TwoThree }",
                "one_of(&[\"One\",\"TwoThree\"])",
            ),
            (
                "#[serde(rename_all = \"snake_case\")] enum A { One, TwoThree }",
                "one_of(&[\"one\",\"two_three\"])",
            ),
            (
                "#[serde(rename_all = \"SCREAMING-KEBAB-CASE\")] enum A { TwoThree }",
                "one_of(&[\"TWO-THREE\"])",
            ),
            (
                "#[serde(rename_all = \"camelCase\")] enum A { TwoThree, #[serde(rename = \"3\")] Three }",
                "one_of(&[\"twoThree\",\"3\"])",
            ),
            ("struct A<T: Copy> { a: T }", "object()"),
        ] {
            assert!(
                of(text).is_some_and(|s| s.contains(values)),
                "{text}: {:?}",
                of(text)
            );
        }
    }

    #[test]
    fn what_says_more_has_no_outline() {
        for text in [
            "enum A { One(u8) }",
            "enum A { #[serde(other)] One }",
            "#[serde(untagged)] enum A { One }",
            "#[serde(rename_all(serialize = \"lowercase\"))] enum A { One }",
            "enum A { #[cfg(unix)] One }",
            "#[serde(transparent)] struct A { a: u8 }",
            "struct A(u8);",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
