//! Judges what is said of a value beside its type: can a value of this type be bounded like this?

use proc_macro2::TokenStream;
use syn::{LitStr, Type};

use crate::errors::Errors;
use crate::model::{Constraints, Json, Length, Number, Range};
use crate::parse::types::{self, Primitive};
use crate::text::{list, nearest};

/// The formats that the runtime enforces.
const FORMATS: &[&str] = &[
    "date",
    "time",
    "date-time",
    "email",
    "ipv4",
    "ipv6",
    "uri",
    "url",
    "uuid",
    "hostname",
    "regex",
];

/// The keywords of JSON Schema that the runtime enforces, or that assert nothing.
const KEYWORDS: &[&str] = &[
    "type",
    "enum",
    "const",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "required",
    "properties",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "dependentRequired",
    "dependentSchemas",
    "items",
    "prefixItems",
    "contains",
    "minContains",
    "maxContains",
    "minItems",
    "maxItems",
    "uniqueItems",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "$ref",
    "$defs",
    "$comment",
    "$anchor",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "enumNames",
];

/// Judges the constraints of a value of this type.
pub(super) fn check(constraints: &Constraints, ty: &Type, errors: &Errors) {
    judge(constraints, Some(ty), errors);
}

/// `ty` is `None` where the tokens do not tell it.
fn judge(constraints: &Constraints, ty: Option<&Type>, errors: &Errors) {
    let primitive = ty.and_then(Primitive::of);
    if let Some(range) = &constraints.range {
        check_range(range, primitive, errors);
    }
    if let Some((above, tokens)) = &constraints.above {
        check_above(
            *above,
            tokens,
            constraints.range.as_ref(),
            primitive,
            errors,
        );
    }
    if let Some((step, tokens)) = &constraints.multiple_of {
        check_step(*step, tokens, primitive, errors);
    }
    if let Some(length) = &constraints.length {
        check_length(length, primitive, errors);
    }
    if let Some(pattern) = &constraints.pattern {
        check_pattern(pattern, primitive, errors);
    }
    if let Some(format) = &constraints.format {
        check_format(format, primitive, errors);
    }
    if let Some(constant) = &constraints.constant {
        check_constant(constant, primitive, errors);
    }
    if let Some(unique) = &constraints.unique
        && primitive.is_some()
    {
        no_list(unique, "unique", errors);
    }
    for (word, inner) in [
        ("items", &constraints.items),
        ("values", &constraints.values),
    ] {
        let Some((key, inner)) = inner else { continue };
        if primitive.is_some() {
            no_list(key, word, errors);
            continue;
        }
        judge(inner, ty.and_then(types::element), errors);
    }
    extended(&constraints.extend, errors);
}

fn no_list(key: &proc_macro2::Ident, word: &str, errors: &Errors) {
    let what = if word == "values" { "a map" } else { "a list" };
    errors.at(
        key,
        format!("`{word}` is about {what}, and this is none"),
        "leave it out; or write what it says without it, if you mean the value itself",
    );
}

/// Further keywords: each must be one that the runtime can hold callers to.
pub(super) fn extended(extend: &[(LitStr, Json)], errors: &Errors) {
    for (keyword, _) in extend {
        let word = keyword.value();
        if KEYWORDS.contains(&word.as_str()) || word.starts_with("x-") {
            continue;
        }
        let help = match nearest(&word, KEYWORDS) {
            Some(near) => format!("did you mean `\"{near}\"`?"),
            None => "keywords of your own begin with `x-`".to_owned(),
        };
        errors.at(
            keyword,
            format!("`{word}` is no keyword of JSON Schema that can be enforced"),
            help,
        );
    }
}

fn check_above(
    above: Number,
    tokens: &TokenStream,
    range: Option<&Range>,
    primitive: Option<Primitive>,
    errors: &Errors,
) {
    if range.is_some_and(|range| range.min.is_some()) {
        errors.at(
            tokens,
            "`above` and `range` give two lower ends",
            "leave one out; `range(..=9)` has an upper end only",
        );
        return;
    }
    if range.is_some_and(|r| r.max.is_some_and(|max| max.as_f64() <= above.as_f64())) {
        errors.at(
            tokens,
            "no number lies between `above` and the end of `range`",
            "make the range wider",
        );
        return;
    }
    match (primitive, above) {
        (Some(Primitive::Bool | Primitive::Str), _) => errors.at(
            tokens,
            "`above` bounds a number, and this is none",
            "for strings and lists there is `length(…)`",
        ),
        (Some(Primitive::Int { .. }), Number::Float(_)) => errors.at(
            tokens,
            "the value is a whole number",
            "write the bound without a point",
        ),
        (Some(Primitive::Int { min, max }), Number::Int(value))
            if !(min - i128::from(min != i128::MIN)..max).contains(&value) =>
        {
            errors.at(
                tokens,
                format!("no value of the type, which holds {min} to {max}, is above {value}"),
                "take a smaller bound, or a wider type",
            );
        }
        _ => {}
    }
}

fn check_step(step: Number, tokens: &TokenStream, primitive: Option<Primitive>, errors: &Errors) {
    match (primitive, step) {
        (Some(Primitive::Bool | Primitive::Str), _) => errors.at(
            tokens,
            "`multiple_of` is about a number, and this is none",
            "leave it out",
        ),
        (Some(Primitive::Int { .. }), Number::Float(_)) => errors.at(
            tokens,
            "the value is a whole number",
            "write the step without a point",
        ),
        _ if step.as_f64() <= 0.0 => errors.at(
            tokens,
            "a step is greater than 0",
            "write `multiple_of = 5`",
        ),
        _ => {}
    }
}

fn check_constant(constant: &Json, primitive: Option<Primitive>, errors: &Errors) {
    let text = constant.text.as_str();
    let fits = match primitive {
        None => true,
        Some(Primitive::Str) => text.starts_with('"'),
        Some(Primitive::Bool) => text == "true" || text == "false",
        Some(Primitive::Float) => text.parse::<f64>().is_ok(),
        Some(Primitive::Int { min, max }) => {
            text.parse().is_ok_and(|n: i128| (min..=max).contains(&n))
        }
    };
    if !fits {
        errors.at(
            &constant.tokens,
            "the constant is no value of the type",
            "change one of the two: no call could pass",
        );
    }
}

fn check_range(range: &Range, primitive: Option<Primitive>, errors: &Errors) {
    let empty = match (range.min, range.max) {
        (Some(min), Some(max)) if range.exclusive => min.as_f64() >= max.as_f64(),
        (Some(Number::Int(min)), Some(Number::Int(max))) => min > max,
        (Some(min), Some(max)) => min.as_f64() > max.as_f64(),
        _ => false,
    };
    if empty {
        errors.at(
            &range.tokens,
            "no number lies in this range",
            "write the smaller bound first, as in `range(1..=6)`",
        );
        return;
    }
    match primitive {
        Some(Primitive::Int { min, max }) => {
            for bound in [range.min, range.max].into_iter().flatten() {
                match bound {
                    Number::Int(value) if (min..=max).contains(&value) => {}
                    Number::Int(value) => {
                        errors.at(
                            &range.tokens,
                            format!("{value} is beyond the type, which holds {min} to {max}"),
                            "leave that end open, or take a wider type",
                        );
                        return;
                    }
                    Number::Float(_) => {
                        errors.at(
                            &range.tokens,
                            "the argument is a whole number",
                            "write the bounds without a point",
                        );
                        return;
                    }
                }
            }
        }
        Some(Primitive::Bool | Primitive::Str) => errors.at(
            &range.tokens,
            "`range` bounds a number, and this argument is none",
            "for strings and lists there is `length(…)`",
        ),
        Some(Primitive::Float) | None => {}
    }
}

fn check_length(length: &Length, primitive: Option<Primitive>, errors: &Errors) {
    if let (Some(min), Some(max)) = (length.min, length.max)
        && min > max
    {
        errors.at(
            &length.tokens,
            "no length lies in this range",
            "write the smaller bound first, as in `length(1..=80)`",
        );
    } else if matches!(
        primitive,
        Some(Primitive::Int { .. } | Primitive::Float | Primitive::Bool)
    ) {
        errors.at(
            &length.tokens,
            "`length` bounds a string, a list or a map, and this argument is none",
            "for numbers there is `range(…)`",
        );
    }
}

fn check_pattern(pattern: &LitStr, primitive: Option<Primitive>, errors: &Errors) {
    if let Err(error) = regex_syntax::parse(&pattern.value()) {
        let reason = match error {
            regex_syntax::Error::Parse(error) => error.kind().to_string(),
            regex_syntax::Error::Translate(error) => error.kind().to_string(),
            other => other.to_string(),
        };
        errors.at(
            pattern,
            format!("this pattern is no regular expression: {reason}"),
            "the syntax is that of the crate `regex`; a raw string, r\"^\\d+$\", keeps its backslashes",
        );
    } else if primitive.is_some_and(|p| p != Primitive::Str) {
        errors.at(
            pattern,
            "`pattern` is for strings, and this argument is none",
            "for numbers there is `range(…)`",
        );
    }
}

fn check_format(format: &LitStr, primitive: Option<Primitive>, errors: &Errors) {
    let text = format.value();
    if !FORMATS.contains(&text.as_str()) {
        let help = match nearest(&text, FORMATS) {
            Some(near) => format!("did you mean `\"{near}\"`?"),
            None => format!("it can be {}", list(FORMATS)),
        };
        errors.at(
            format,
            format!("`{text}` is no format that can be enforced"),
            help,
        );
    } else if primitive.is_some_and(|p| p != Primitive::Str) {
        errors.at(
            format,
            "`format` is for strings, and this argument is none",
            "leave it out",
        );
    }
}
