//! Judges one argument: do its default, its constraints and its type agree?

use quote::ToTokens;
use syn::LitStr;

use super::constraints;
use crate::errors::Errors;
use crate::model::{Argument, Default, Literal, Number, Range, Shape};
use crate::parse::types::{self, Primitive};

pub(super) fn check(argument: &Argument, errors: &Errors) {
    let primitive = Primitive::of(&argument.ty);
    constraints::check(&argument.constraints, &argument.ty, errors);
    if let Some(header) = &argument.header {
        check_header(header, argument, errors);
    }
    match &argument.default {
        Some(Default::Literal { value, expr }) => check_default(value, expr, argument, errors),
        Some(Default::Null(null))
            if primitive.is_some() && types::option(&argument.ty).is_none() =>
        {
            errors.at(
                null,
                "only an optional argument can be null",
                format!("take `Option<{}>`", argument.ty.to_token_stream()),
            );
        }
        _ => {}
    }
}

/// The header is `Mcp-Param-<name>`; the value goes into one line of it.
fn check_header(header: &LitStr, argument: &Argument, errors: &Errors) {
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if !header.value().bytes().all(is_token) {
        errors.at(
            header,
            "this cannot be the name of a header",
            "use letters, digits and `-`, as in `Region`",
        );
    } else if types::is_composite(&argument.ty)
        || Primitive::of(&argument.ty) == Some(Primitive::Float)
    {
        errors.at(
            header,
            "only a string, a whole number or a boolean can be mirrored into a header",
            "leave `header` out, or take a simpler type",
        );
    }
}

fn check_default(value: &Literal, expr: &syn::Expr, argument: &Argument, errors: &Errors) {
    if argument.shape == Shape::OptionalText || types::option(&argument.ty).is_some() {
        let inner = types::option(&argument.ty).unwrap_or(&argument.ty);
        errors.at(
            expr,
            "an argument with a default is never absent, so it need not be an `Option`",
            format!(
                "take `{}`, or write `default = null`",
                inner.to_token_stream().to_string().replace(' ', "")
            ),
        );
        return;
    }
    let Some(primitive) = Primitive::of(&argument.ty) else {
        return check_bounds(value, expr, argument, errors);
    };
    let ty = argument.ty.to_token_stream().to_string().replace(' ', "");
    let wrong = |help: &str| {
        errors.at(expr, format!("the default is no `{ty}`"), help);
    };
    match (primitive, value) {
        (Primitive::Int { min, max }, Literal::Int(v)) if !(min..=max).contains(v) => {
            wrong(&format!("it holds {min} to {max}"));
        }
        (Primitive::Float, Literal::Int(v)) => wrong(&format!("write `{v}.0`")),
        (Primitive::Int { .. }, Literal::Int(_))
        | (Primitive::Float, Literal::Float(_))
        | (Primitive::Bool, Literal::Bool(_))
        | (Primitive::Str, Literal::Str(_)) => check_bounds(value, expr, argument, errors),
        (Primitive::Int { .. }, _) => wrong("write a whole number, as in `default = 6`"),
        (Primitive::Float, _) => wrong("write a number, as in `default = 0.5`"),
        (Primitive::Bool, _) => wrong("write `true` or `false`"),
        (Primitive::Str, _) => wrong("write a string, as in `default = \"text\"`"),
    }
}

/// Whether the default passes the argument's own constraints.
fn check_bounds(value: &Literal, expr: &syn::Expr, argument: &Argument, errors: &Errors) {
    let number = match value {
        Literal::Int(v) => Some(Number::Int(*v)),
        Literal::Float(v) => Some(Number::Float(*v)),
        _ => None,
    };
    if let (Some(number), Some(range)) = (number, &argument.constraints.range)
        && !contains(range, number)
    {
        errors.at(
            expr,
            "the default lies outside its own range",
            "a call without this argument would be refused: change one of the two",
        );
    }
    if let Literal::Str(text) = value {
        let count = text.chars().count() as u64;
        if let Some(length) = &argument.constraints.length
            && (length.min.is_some_and(|m| count < m) || length.max.is_some_and(|m| count > m))
        {
            errors.at(
                expr,
                format!("the default has {count} characters, which its own `length` refuses"),
                "a call without this argument would be refused: change one of the two",
            );
        }
    }
}

fn contains(range: &Range, number: Number) -> bool {
    // Whole numbers are compared as such: beyond 2^53 an `f64` cannot tell neighbours apart.
    let at_least = |a: Number, b: Number| match (a, b) {
        (Number::Int(a), Number::Int(b)) => a >= b,
        _ => a.as_f64() >= b.as_f64(),
    };
    range.min.is_none_or(|min| at_least(number, min))
        && range
            .max
            .is_none_or(|max| at_least(max, number) && !(range.exclusive && at_least(number, max)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::signature;
    use crate::text::Case;

    /// The mistakes of one parameter.
    fn judge(param: &str) -> Vec<String> {
        let errors = Errors::new();
        let text = format!("fn f({param})");
        let parsed = syn::parse_str(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
        let function = signature::function(&parsed, Case::AsWritten, &errors);
        for (_, argument) in function.arguments() {
            check(argument, &errors);
        }
        errors.messages()
    }

    #[test]
    fn what_agrees_passes() {
        for param in [
            "#[arg(default = 6, range(2..=6))] a: u32",
            "#[arg(default = -1, range(-1..))] a: i8",
            "#[arg(default = 0.5, range(0..1))] a: f64",
            "#[arg(range(..=18446744073709551615))] a: u64",
            "#[arg(default = \"äöü\", length(3..=3))] a: &str",
            "#[arg(default = null)] a: Option<u32>",
            "#[arg(default = Unit::default())] a: Unit",
            "#[arg(default = 6, range(1..=6))] a: Alias",
            "#[arg(pattern = r\"^\\d+$\", format = \"email\", header = \"X-Y\")] a: String",
            "#[arg(length(..=3))] a: Vec<String>",
            "#[arg(default = 1f64)] a: f64",
        ] {
            assert_eq!(judge(param), [""; 0], "{param}");
        }
    }

    #[test]
    fn each_disagreement_is_one_error() {
        for param in [
            "#[arg(default = 7, range(2..=6))] a: u32",
            "#[arg(default = 6, range(2..6))] a: u32",
            "#[arg(default = 300)] a: u8",
            "#[arg(default = -1)] a: u32",
            "#[arg(default = 7, range(..=6))] a: Alias",
            "#[arg(default = \"a\")] a: u32",
            "#[arg(default = 1)] a: f64",
            "#[arg(default = true)] a: String",
            "#[arg(default = 1)] a: Option<u32>",
            "#[arg(default = \"a\")] a: Option<&str>",
            "#[arg(default = null)] a: u32",
            "#[arg(range(0..=256))] a: u8",
            "#[arg(range(0.5..))] a: u8",
            "#[arg(range(2..2))] a: Alias",
            "#[arg(range(1..))] a: bool",
            "#[arg(range(..))] a: u32",
            "#[arg(range(1))] a: u32",
            "#[arg(length(3..=2))] a: String",
            "#[arg(length(..0))] a: String",
            "#[arg(length(-1..))] a: String",
            "#[arg(length(1.5..))] a: String",
            "#[arg(length(1..))] a: u32",
            "#[arg(pattern = \"(\")] a: String",
            "#[arg(pattern = \"a\")] a: u32",
            "#[arg(format = \"colour\")] a: String",
            "#[arg(header = \"a b\")] a: String",
            "#[arg(header = \"A\")] a: HashMap<String, u32>",
            "#[arg(header = \"A\")] a: f64",
            "#[arg(default = )] a: u32",
            "#[arg(6)] a: u32",
        ] {
            let errors = judge(param);
            assert_eq!(errors.len(), 1, "{param}: {errors:?}");
        }
    }

    #[test]
    fn neighbours_beyond_the_precision_of_floats_are_told_apart() {
        let param = "#[arg(default = 9007199254740993, range(..=9007199254740992))] a: u64";
        assert_eq!(judge(param).len(), 1);
    }
}
