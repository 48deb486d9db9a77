//! `#[arg(…)]` and the doc comment of one parameter.

use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt as _;
use syn::{Attribute, Expr, LitStr, Meta, PatType};

use super::entries::{Entry, entries, literal};
use super::{constraints, docs};
use crate::errors::Errors;
use crate::model::{Argument, Constraints, Default, Shape};
use crate::text::Case;

const OWN_KEYS: &[&str] = &["default", "rename", "description", "header", "complete"];

/// What the user says about an argument.
pub(crate) fn argument(
    input: &PatType,
    ident: &Ident,
    shape: Shape,
    case: Case,
    errors: &Errors,
) -> Argument {
    let name = case.apply(&ident.unraw().to_string());
    let mut argument = Argument {
        ty: (*input.ty).clone(),
        shape,
        wire: LitStr::new(&name, ident.span()),
        description: docs::description(&input.attrs),
        default: None,
        header: None,
        complete: None,
        constraints: Constraints::default(),
    };
    let keys = [OWN_KEYS, constraints::KEYS].concat();
    let tokens = tokens_of("arg", &input.attrs, errors);
    for entry in entries(tokens, "#[arg]", &keys, errors) {
        match entry.key.to_string().as_str() {
            "default" => argument.default = default(&entry, errors),
            "rename" => {
                if let Some(name) = entry.filled_string(errors) {
                    argument.wire = name;
                }
            }
            "description" => argument.description = entry.text(errors),
            "header" => argument.header = entry.filled_string(errors),
            "complete" => {
                argument.complete = entry.expr("complete = a_function", errors).cloned();
            }
            _ => argument.constraints.read(&entry, errors),
        }
    }
    argument
}

/// What stands in the attributes of this name. Several read as one, so that a key cannot hide in a second one.
pub(crate) fn tokens_of(name: &str, attributes: &[Attribute], errors: &Errors) -> TokenStream {
    let mut tokens = TokenStream::new();
    for attribute in attributes.iter().filter(|a| a.path().is_ident(name)) {
        match &attribute.meta {
            Meta::List(list) => {
                if !tokens.is_empty() {
                    tokens.extend(quote::quote!(,));
                }
                tokens.extend(list.tokens.clone());
            }
            other => errors.at(
                other,
                format!("`#[{name}]` is empty"),
                format!("write `#[{name}(default = …)]`, or remove it"),
            ),
        }
    }
    tokens
}

/// Reports what only an argument may carry.
pub(crate) fn refuse(attributes: &[Attribute], ident: &Ident, errors: &Errors) {
    for attribute in attributes.iter().filter(|a| a.path().is_ident("arg")) {
        errors.at(
            attribute,
            format!(
                "`#[arg]` describes what the caller sends, and `{ident}` comes from the server"
            ),
            "remove the attribute, or take the parameter by value",
        );
    }
}

pub(crate) fn default(entry: &Entry, errors: &Errors) -> Option<Default> {
    let expr = entry.expr("default = 6", errors)?;
    if let Expr::Path(path) = expr
        && path.path.is_ident("null")
    {
        return path.path.get_ident().cloned().map(Default::Null);
    }
    Some(match literal(expr) {
        Some(value) => Default::Literal {
            value,
            expr: expr.clone(),
        },
        None => Default::Computed(expr.clone()),
    })
}
