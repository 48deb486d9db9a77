//! What is said of a value beside its type: the same words for an argument, a field, the items of a list.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Expr, RangeLimits};

use super::entries::{Entry, entries, literal};
use crate::errors::Errors;
use crate::model::{Constraints, Length, Literal, Number, Range};

/// The words.
pub(crate) const KEYS: &[&str] = &[
    "range",
    "above",
    "multiple_of",
    "length",
    "pattern",
    "format",
    "unique",
    "items",
    "values",
    "constant",
    "title",
    "examples",
    "extend",
];

impl Constraints {
    /// Reads one entry, whose key is one of [`KEYS`].
    pub(crate) fn read(&mut self, entry: &Entry, errors: &Errors) {
        match entry.key.to_string().as_str() {
            "range" => self.range = range(entry, errors),
            "above" => self.above = number(entry, "above = 0", errors),
            "multiple_of" => self.multiple_of = number(entry, "multiple_of = 5", errors),
            "length" => self.length = length(entry, errors),
            "pattern" => self.pattern = entry.string(errors),
            "format" => self.format = entry.filled_string(errors),
            "unique" => {
                let unique = entry.flag(errors) == Some(true);
                self.unique = unique.then(|| entry.key.clone());
            }
            "items" => self.items = inner(entry, "items(length(1..))", errors),
            "values" => self.values = inner(entry, "values(range(0..))", errors),
            "constant" => self.constant = entry.json("constant = \"fixed\"", errors),
            "title" => self.title = entry.filled_string(errors),
            "examples" => self.examples = entry.values(errors),
            "extend" => self.extend = entry.pairs(errors),
            _ => {}
        }
    }
}

/// `items(…)`, with its key for the case that there are none.
fn inner(
    entry: &Entry,
    form: &str,
    errors: &Errors,
) -> Option<(proc_macro2::Ident, Box<Constraints>)> {
    let tokens = entry.list(form, errors)?;
    let mut constraints = Constraints::default();
    for entry in entries(tokens, &entry.key.to_string(), KEYS, errors) {
        constraints.read(&entry, errors);
    }
    Some((entry.key.clone(), Box::new(constraints)))
}

fn number(entry: &Entry, form: &str, errors: &Errors) -> Option<(Number, TokenStream)> {
    let expr = entry.expr(form, errors)?;
    let number = match literal(expr) {
        Some(Literal::Int(value)) => Number::Int(value),
        Some(Literal::Float(value)) => Number::Float(value),
        _ => {
            errors.at(
                expr,
                format!(
                    "`{}` must be a number, written out: it goes into the published schema",
                    entry.key
                ),
                format!("write `{form}`"),
            );
            return None;
        }
    };
    Some((number, expr.to_token_stream()))
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
