//! `#[mcp_resource(…)]`

use proc_macro2::TokenStream;
use syn::Type;

use super::{rename_all, variant};
use crate::errors::Errors;
use crate::model::{About, Literal, Origin, Resource, Source};
use crate::parse::entries::{Entry, entries, literal};
use crate::parse::item::{AnnotatedConst, AnnotatedFn};
use crate::parse::{signature, types};

const RESOURCE: &[&str] = &[
    "uri",
    "name",
    "title",
    "description",
    "mime_type",
    "icons",
    "audience",
    "priority",
    "scopes",
    "hidden",
    "rename_all",
    "allow",
];

/// `#[mcp_resource(…)]` on a function.
pub(crate) fn resource_fn(tokens: TokenStream, item: &AnnotatedFn, errors: &Errors) -> Resource {
    let entries = entries(tokens, "#[mcp_resource]", RESOURCE, errors);
    let function = signature::function(&item.signature, rename_all(&entries, errors), errors);
    let about = About::new(&item.signature.ident, &item.attributes);
    resource(
        &entries,
        item.origin(),
        about,
        Source::Function(function),
        errors,
    )
}

/// `#[mcp_resource(…)]` on a const.
pub(crate) fn resource_const(
    tokens: TokenStream,
    item: &AnnotatedConst,
    errors: &Errors,
) -> Resource {
    let entries = entries(tokens, "#[mcp_resource]", RESOURCE, errors);
    let about = About::new(&item.ident, &item.attributes);
    resource(
        &entries,
        item.origin(),
        about,
        Source::Const(item.ty.clone()),
        errors,
    )
}

fn resource(
    entries: &[Entry],
    origin: Origin,
    about: About,
    source: Source,
    errors: &Errors,
) -> Resource {
    let mut resource = Resource {
        origin,
        about,
        uri: None,
        mime_type: None,
        audience: Vec::new(),
        priority: None,
        scopes: Vec::new(),
        hidden: None,
        source,
    };
    for entry in entries {
        match entry.key.to_string().as_str() {
            "uri" => resource.uri = entry.string(errors),
            "mime_type" => resource.mime_type = entry.filled_string(errors),
            "audience" => {
                let words = entry.words(&["user", "assistant"], errors);
                resource.audience = words.iter().map(|w| variant(&w.to_string(), w)).collect();
            }
            "priority" => resource.priority = priority(entry, errors),
            "scopes" => resource.scopes = entry.strings(errors),
            "hidden" => resource.hidden = entry.set(errors),
            _ => resource.about.read(entry, errors),
        }
    }
    resource
}

fn priority(entry: &Entry, errors: &Errors) -> Option<f64> {
    let expr = entry.expr("priority = 0.5", errors)?;
    let value = match literal(expr) {
        Some(Literal::Float(value)) => value,
        Some(Literal::Int(0)) => 0.0,
        Some(Literal::Int(1)) => 1.0,
        _ => f64::NAN,
    };
    if (0.0..=1.0).contains(&value) {
        return Some(value);
    }
    errors.at(
        expr,
        "a priority lies between 0 and 1",
        "1 is the most important: `priority = 0.5`",
    );
    None
}

/// What a const must be to be served: the macros look at the shape only, the compiler at the rest.
pub(crate) fn const_shape(item: &AnnotatedConst, errors: &Errors) {
    let is_reference = matches!(types::peel(&item.ty), Type::Reference(_));
    if item.ident == "_" || !is_reference {
        errors.at(
            &item.ty,
            "a served const is text or bytes",
            "write `const NAME: &str`, or for bytes `&[u8]`; a function can return anything else",
        );
    }
}
