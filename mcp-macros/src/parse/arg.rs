//! `#[arg(…)]` and the doc comment of one parameter.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::{Attribute, Expr, LitStr, Meta, PatType, RangeLimits};

use super::docs;
use super::entries::{Entry, entries, literal};
use crate::errors::Errors;
use crate::model::{Argument, Default, Length, Literal, Number, Range, Shape};
use crate::text::Case;

const KEYS: &[&str] = &[
    "default",
    "range",
    "length",
    "pattern",
    "format",
    "rename",
    "description",
    "header",
    "complete",
];

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
        range: None,
        length: None,
        pattern: None,
        format: None,
        header: None,
        complete: None,
    };
    let mut tokens = TokenStream::new();
    for attribute in input.attrs.iter().filter(|a| a.path().is_ident("arg")) {
        match &attribute.meta {
            Meta::List(list) => {
                // Several attributes read as one, so that a key cannot hide in a second one.
                if !tokens.is_empty() {
                    tokens.extend(quote::quote!(,));
                }
                tokens.extend(list.tokens.clone());
            }
            other => errors.at(
                other,
                "`#[arg]` is empty",
                "write `#[arg(default = …)]`, or remove it",
            ),
        }
    }
    for entry in entries(tokens, "#[arg]", KEYS, errors) {
        match entry.key.to_string().as_str() {
            "default" => argument.default = default(&entry, errors),
            "range" => argument.range = range(&entry, errors),
            "length" => argument.length = length(&entry, errors),
            "pattern" => argument.pattern = entry.string(errors),
            "format" => argument.format = entry.filled_string(errors),
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
            _ => {}
        }
    }
    argument
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

fn default(entry: &Entry, errors: &Errors) -> Option<Default> {
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

/// The two ends as written, and whether the upper one is excluded.
fn ends(
    entry: &Entry,
    form: &str,
    errors: &Errors,
) -> Option<(Option<Literal>, Option<Literal>, bool)> {
    let inner = entry.list(form, errors)?;
    let Ok(Expr::Range(range)) = syn::parse2(inner) else {
        entry.wrong(form, errors);
        return None;
    };
    let mut legal = true;
    let mut end = |end: Option<&Expr>| {
        let end = end?;
        let value = literal(end).filter(|v| matches!(v, Literal::Int(_) | Literal::Float(_)));
        if value.is_none() {
            legal = false;
            errors.at(
                end,
                "a bound must be a number, written out: it goes into the published schema",
                "write the number itself; the macro cannot see the value of a constant",
            );
        }
        value
    };
    let (min, max) = (end(range.start.as_deref()), end(range.end.as_deref()));
    if legal && min.is_none() && max.is_none() {
        entry.wrong(form, errors);
        return None;
    }
    let exclusive = matches!(range.limits, RangeLimits::HalfOpen(_)) && max.is_some();
    legal.then_some((min, max, exclusive))
}

fn range(entry: &Entry, errors: &Errors) -> Option<Range> {
    let (min, max, exclusive) = ends(entry, "range(1..=100)", errors)?;
    let number = |literal| match literal {
        Literal::Int(value) => Some(Number::Int(value)),
        Literal::Float(value) => Some(Number::Float(value)),
        _ => None,
    };
    let (min, max) = (min.and_then(number), max.and_then(number));
    Some(Range {
        min,
        max,
        exclusive,
        tokens: entry.to_token_stream(),
    })
}

fn length(entry: &Entry, errors: &Errors) -> Option<Length> {
    let form = "length(1..=80)";
    let (min, max, exclusive) = ends(entry, form, errors)?;
    let count = |literal: &Literal| match literal {
        Literal::Int(value) => u64::try_from(*value).ok(),
        _ => None,
    };
    let (Some(min), Some(max)) = (
        min.as_ref().map_or(Some(None), |l| count(l).map(Some)),
        max.as_ref().map_or(Some(None), |l| count(l).map(Some)),
    ) else {
        errors.at(
            entry,
            "a length counts characters or items",
            format!("write whole numbers: `{form}`"),
        );
        return None;
    };
    let max = match (max, exclusive) {
        // `..0` has no length at all in it; `check` finds it empty.
        (Some(0), true) => {
            errors.at(
                entry,
                "no length lies in this range",
                format!("include the end: `{form}`"),
            );
            return None;
        }
        (Some(max), true) => Some(max - 1),
        (max, _) => max,
    };
    Some(Length {
        min,
        max,
        tokens: entry.to_token_stream(),
    })
}
