//! What the tokens of a type show. By shape it decides how a parameter is handed over; names only ever serve to word
//! a better error.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{GenericArgument, PathArguments, PathSegment, Type, TypeReference};

/// The type without invisible groups (of `macro_rules!`) and parentheses.
pub(crate) fn peel(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => peel(&group.elem),
        Type::Paren(paren) => peel(&paren.elem),
        other => other,
    }
}

/// The type with `'lifetime` for each `'_`.
pub(crate) fn elided_as(lifetime: &str, ty: &Type) -> TokenStream {
    fn rename(lifetime: &str, tokens: TokenStream) -> TokenStream {
        let mut after_quote = false;
        let each = tokens.into_iter().map(|tree| {
            let is_name = std::mem::take(&mut after_quote);
            match tree {
                TokenTree::Group(group) => {
                    let inner = rename(lifetime, group.stream());
                    let mut renamed = Group::new(group.delimiter(), inner);
                    renamed.set_span(group.span());
                    renamed.into()
                }
                TokenTree::Ident(name) if is_name && name == "_" => {
                    Ident::new(lifetime, Span::mixed_site().located_at(name.span())).into()
                }
                other => {
                    after_quote = matches!(&other, TokenTree::Punct(p) if p.as_char() == '\'');
                    other
                }
            }
        });
        each.collect()
    }
    rename(lifetime, ty.to_token_stream())
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match peel(ty) {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
        _ => None,
    }
}

/// The `T` of `Option<T>`.
pub(crate) fn option(ty: &Type) -> Option<&Type> {
    let segment = last_segment(ty)?;
    let PathArguments::AngleBracketed(generics) = &segment.arguments else {
        return None;
    };
    match (generics.args.first(), generics.args.len()) {
        (Some(GenericArgument::Type(inner)), 1) if segment.ident == "Option" => Some(inner),
        _ => None,
    }
}

pub(crate) fn reference(ty: &Type) -> Option<&TypeReference> {
    match peel(ty) {
        Type::Reference(reference) => Some(reference),
        _ => None,
    }
}

pub(crate) fn is_str(ty: &Type) -> bool {
    matches!(peel(ty), Type::Path(path) if path.path.is_ident("str"))
}

/// The last name of the type's path.
pub(crate) fn name(ty: &Type) -> Option<String> {
    last_segment(ty).map(|segment| segment.ident.to_string())
}

/// The kinds of values that a macro can tell apart by the tokens of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Primitive {
    Int { min: i128, max: i128 },
    Float,
    Bool,
    Str,
}

impl Primitive {
    /// What the type is, if its tokens tell; `Option<T>` counts as `T`.
    pub(crate) fn of(ty: &Type) -> Option<Self> {
        let ty = option(ty).unwrap_or(ty);
        if reference(ty).is_some_and(|r| is_str(&r.elem)) {
            return Some(Self::Str);
        }
        let Type::Path(path) = peel(ty) else {
            return None;
        };
        macro_rules! int {
            ($ty:ty) => {
                Self::Int {
                    min: <$ty>::MIN as i128,
                    max: <$ty>::MAX as i128,
                }
            };
        }
        Some(match path.path.get_ident()?.to_string().as_str() {
            "u8" => int!(u8),
            "u16" => int!(u16),
            "u32" => int!(u32),
            "u64" | "usize" => int!(u64),
            "i8" => int!(i8),
            "i16" => int!(i16),
            "i32" => int!(i32),
            "i64" | "isize" => int!(i64),
            "f32" | "f64" => Self::Float,
            "Integer" => Self::Int {
                min: i128::MIN,
                max: i128::MAX,
            },
            "bool" => Self::Bool,
            "String" | "char" => Self::Str,
            _ => return None,
        })
    }
}

/// Whether the tokens alone show a type whose JSON is an array or an object.
pub(crate) fn is_composite(ty: &Type) -> bool {
    let ty = option(ty).unwrap_or(ty);
    match peel(ty) {
        Type::Array(_) | Type::Slice(_) | Type::Tuple(_) => true,
        other => last_segment(other)
            .is_some_and(|segment| matches!(segment.arguments, PathArguments::AngleBracketed(_))),
    }
}

/// The runtime's `Integer`, as far as the tokens tell.
pub(crate) fn is_big_integer(ty: &Type) -> bool {
    name(ty).is_some_and(|name| name == "Integer")
}

/// Whether the type is written `Name<…>`.
pub(crate) fn has_generics(ty: &Type) -> bool {
    last_segment(ty)
        .is_some_and(|segment| matches!(segment.arguments, PathArguments::AngleBracketed(_)))
}

/// The `T` of a list such as `Vec<T>`, or the `V` of a map such as `HashMap<K, V>`; `None` where the tokens do not tell.
pub(crate) fn element(ty: &Type) -> Option<&Type> {
    let ty = option(ty).unwrap_or(ty);
    match peel(ty) {
        Type::Array(array) => return Some(&array.elem),
        Type::Slice(slice) => return Some(&slice.elem),
        _ => {}
    }
    let segment = last_segment(ty)?;
    let PathArguments::AngleBracketed(generics) = &segment.arguments else {
        return None;
    };
    let known = ["Vec", "HashSet", "BTreeSet", "HashMap", "BTreeMap"];
    if !known.iter().any(|name| segment.ident == name) {
        return None;
    }
    let of_type = |argument: &GenericArgument| matches!(argument, GenericArgument::Type(_));
    let at = usize::from(segment.ident.to_string().ends_with("Map"));
    match generics.args.iter().filter(|a| of_type(a)).nth(at) {
        Some(GenericArgument::Type(ty)) => Some(ty),
        _ => None,
    }
}

/// The names of Rust's primitive types: a function of such a name would hide the type, for its companion has it too.
pub(crate) const PRIMITIVE_NAMES: &[&str] = &[
    "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64",
    "i128", "isize", "f32", "f64",
];
