//! What the tokens of a tool tell against its lock: one error per argument, at the argument.

use std::fmt::Display;

use quote::ToTokens;

use super::file::{Lock, Property, Tool as Locked};
use super::json::Json;
use crate::errors::{CHANGED_DEFAULT, CHANGED_PATTERN, Errors, REMOVED_ARGUMENT};
use crate::model::{Argument, Default, Literal, Number, Param, Shape, Tool};
use crate::parse::types::{self, Primitive};

/// Whether Cargo.toml says already that callers have to look: a new major version, before 1.0 a new minor one.
pub(super) fn is_released(lock: &Lock) -> bool {
    let own = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    is_major(&lock.version, &own)
}

fn is_major(old: &str, new: &str) -> bool {
    let numbers = |version: &str| -> Option<(u64, u64)> {
        let mut parts = version.split(['.', '-', '+']).map(|part| part.parse().ok());
        Some((parts.next()??, parts.next()??))
    };
    match (numbers(old), numbers(new)) {
        (Some((0, old)), Some((0, new))) => new > old,
        (Some((old, _)), Some((new, _))) => new > old,
        _ => false,
    }
}

/// What to do about a break.
pub(super) fn ways_out(lock: &Lock) -> String {
    let next = match lock
        .version
        .split('.')
        .map(|p| p.parse::<u64>().ok())
        .collect::<Vec<_>>()
        .as_slice()
    {
        [Some(0), Some(minor), ..] => format!("0.{}.0", minor + 1),
        [Some(major), ..] => format!("{}.0.0", major + 1),
        _ => "a new major version".into(),
    };
    format!(
        "undo it; or release it, with `version = \"{next}\"` in Cargo.toml; or accept it, by `MCP_BLESS=1 cargo run -- \
         schema --write`"
    )
}

/// Judges the arguments of a tool.
pub(super) fn tool(lock: &Lock, locked: &Locked, tool: &Tool, errors: &Errors) {
    let judge = Judge {
        lock,
        errors,
        ways_out: ways_out(lock),
    };
    let arguments: Vec<(&Param, &Argument)> = tool.function.arguments().collect();
    let is_there = |name: &str| arguments.iter().any(|(_, a)| a.wire.value() == name);
    let gone: Vec<&Property> = locked
        .properties
        .iter()
        .filter(|p| !is_there(&p.name))
        .collect();
    let new = |argument: &Argument| {
        !locked
            .properties
            .iter()
            .any(|p| p.name == argument.wire.value())
    };
    let added: Vec<(&Param, &Argument)> =
        arguments.iter().copied().filter(|(_, a)| new(a)).collect();
    let mut renamed = None;
    // One that came for one that went, of the same type, is most likely the same.
    if let ([was], [(param, is)]) = (gone.as_slice(), added.as_slice())
        && judge.ty(is, was).is_none()
    {
        renamed = Some(is.wire.value());
        judge.broken(
            &param.ident,
            format!(
                "the argument `{}` of the locked version {} is gone; is it called `{}` now?",
                was.name,
                lock.version,
                is.wire.value()
            ),
            format!(
                "keep its name on the wire with `#[arg(rename = \"{}\")]`",
                was.name
            ),
        );
    } else {
        for property in gone {
            judge.gone(property, tool);
        }
    }
    for (param, argument) in arguments {
        let name = argument.wire.value();
        match locked.properties.iter().find(|p| p.name == name) {
            Some(property) => judge.argument(param, argument, property),
            None if renamed.as_ref() == Some(&name) => {}
            None if is_required(argument) != Some(false) => judge.broken(
                &param.ident,
                format!("the argument `{name}` is not in the locked version {}, and callers must send it", lock.version),
                "give it a default, `#[arg(default = …)]`, or take an `Option`",
            ),
            None => {}
        }
    }
    if locked.is_open && !tool.open {
        judge.broken(
            &tool.about.name,
            format!(
                "the locked version {} let unknown arguments through",
                lock.version
            ),
            "write `open` into the attribute",
        );
    }
}

/// Whether callers must send it; `None` where only the type knows.
pub(super) fn is_required(argument: &Argument) -> Option<bool> {
    if argument.default.is_some()
        || argument.shape == Shape::OptionalText
        || types::option(&argument.ty).is_some()
    {
        return Some(false);
    }
    let is_known = Primitive::of(&argument.ty).is_some() || types::is_composite(&argument.ty);
    is_known.then_some(true)
}

struct Judge<'l> {
    lock: &'l Lock,
    errors: &'l Errors,
    ways_out: String,
}

impl Judge<'_> {
    fn broken(&self, at: impl ToTokens, message: impl Display, help: impl Display) {
        self.errors
            .at(at, message, format!("{help}; {}", self.ways_out));
    }

    fn gone(&self, property: &Property, tool: &Tool) {
        let version = &self.lock.version;
        let message = format!(
            "the argument `{}` of the locked version {version} is gone",
            property.name
        );
        if tool.open && !property.is_required {
            self.errors.warn(
                REMOVED_ARGUMENT,
                &tool.about.name,
                message,
                "callers that send it are not refused, and not heard",
            );
        } else {
            self.errors.at(&tool.about.name, message, &self.ways_out);
        }
    }

    /// One argument against itself. The first thing that breaks is told; the rest may follow from it.
    fn argument(&self, param: &Param, argument: &Argument, locked: &Property) {
        let name = &locked.name;
        let version = &self.lock.version;
        let broken = self
            .ty(argument, locked)
            .or_else(|| self.required(argument, locked))
            .or_else(|| self.range(argument, locked))
            .or_else(|| self.length(argument, locked))
            .or_else(|| self.text(argument, locked));
        if let Some(what) = broken {
            let message =
                format!("the argument `{name}` {what}, against the locked version {version}");
            self.errors.at(&param.ident, message, &self.ways_out);
            return;
        }
        if let (Some(was), Some(pattern)) = (
            locked.get("pattern").and_then(Json::text),
            &argument.constraints.pattern,
        ) && was != pattern.value()
        {
            self.errors.warn(
                CHANGED_PATTERN,
                pattern,
                format!("`{name}` had to match `{was}` in the locked version {version}"),
                "texts that passed may be refused now: accept it by `cargo run -- schema --write`",
            );
        }
        self.default(param, argument, locked);
    }

    fn ty(&self, argument: &Argument, locked: &Property) -> Option<String> {
        let is = match Primitive::of(&argument.ty)? {
            Primitive::Int { .. } => "integer",
            Primitive::Float => "number",
            Primitive::Bool => "boolean",
            Primitive::Str => "string",
        };
        let covers = |was: &String| was == is || (is == "number" && was == "integer");
        if locked.types.iter().all(covers) {
            return None;
        }
        Some(format!("was {} and is {is}", locked.types.join(" or ")))
    }

    fn required(&self, argument: &Argument, locked: &Property) -> Option<String> {
        (!locked.is_required && is_required(argument) == Some(true))
            .then(|| "could be left out and is required".into())
    }

    fn range(&self, argument: &Argument, locked: &Property) -> Option<String> {
        let own = match Primitive::of(&argument.ty) {
            Some(Primitive::Int { min, max }) => (Some(Number::Int(min)), Some(Number::Int(max))),
            _ => (None, None),
        };
        let is_whole = matches!(own.0, Some(Number::Int(_)));
        let range = argument.constraints.range.as_ref();
        let above = match &argument.constraints.above {
            Some((Number::Int(above), _)) if is_whole => Some(Number::Int(above + 1)),
            other => other.as_ref().map(|(above, _)| *above),
        };
        let min = range.and_then(|r| r.min).or(above).or(own.0);
        let (max, excluded) = match range.and_then(|r| Some((r.max?, r.exclusive))) {
            // Among whole numbers every bound can be an inclusive one, and is locked like that or not.
            Some((Number::Int(max), true)) if is_whole => (Some(Number::Int(max - 1)), false),
            Some((max, excluded)) => (Some(max), excluded),
            None => (own.1, false),
        };
        let was = |keyword: &str, exclusive: &str, step: i128| -> Option<(Number, bool)> {
            let of = |keyword: &str| {
                let json = locked.get(keyword)?;
                json.integer()
                    .map(Number::Int)
                    .or_else(|| json.number().map(Number::Float))
            };
            match of(exclusive) {
                Some(Number::Int(bound)) if is_whole => Some((Number::Int(bound + step), false)),
                Some(bound) => Some((bound, true)),
                None => Some((of(keyword)?, false)),
            }
        };
        if let Some(min) = min {
            let was = was("minimum", "exclusiveMinimum", 1);
            match was {
                Some((was, _)) if less(was, min) => {
                    return Some(format!(
                        "could be {} and must be at least {}",
                        was.json(),
                        min.json()
                    ));
                }
                None if !is_own(min, own.0) => {
                    return Some(format!(
                        "had no least value and must be at least {}",
                        min.json()
                    ));
                }
                _ => {}
            }
        }
        if let Some(max) = max {
            let was = was("maximum", "exclusiveMaximum", -1);
            let word = if excluded { "below" } else { "at most" };
            match was {
                Some((was, was_excluded))
                    if less(max, was) || (excluded && !was_excluded && !less(was, max)) =>
                {
                    return Some(format!(
                        "could be {} and must be {word} {}",
                        was.json(),
                        max.json()
                    ));
                }
                None if !is_own(max, own.1) => {
                    return Some(format!(
                        "had no greatest value and must be {word} {}",
                        max.json()
                    ));
                }
                _ => {}
            }
        }
        None
    }

    fn length(&self, argument: &Argument, locked: &Property) -> Option<String> {
        let length = argument.constraints.length.as_ref()?;
        let of = |keywords: [&str; 3]| keywords.iter().find_map(|k| locked.get(k)?.integer());
        let (least, most) = (
            of(["minLength", "minItems", "minProperties"]).unwrap_or(0),
            of(["maxLength", "maxItems", "maxProperties"]),
        );
        match (length.min, length.max, most) {
            (Some(min), _, _) if i128::from(min) > least => {
                Some(format!("could be {least} long and must be {min} at least"))
            }
            (_, Some(max), None) => {
                Some(format!("could be of any length and must be {max} at most"))
            }
            (_, Some(max), Some(was)) if i128::from(max) < was => {
                Some(format!("could be {was} long and must be {max} at most"))
            }
            _ => None,
        }
    }

    fn text(&self, argument: &Argument, locked: &Property) -> Option<String> {
        if let (Some(pattern), None) = (&argument.constraints.pattern, locked.get("pattern")) {
            return Some(format!("was free and must match `{}`", pattern.value()));
        }
        let format = argument.constraints.format.as_ref()?.value();
        let was = locked.get("format").and_then(Json::text);
        (was.as_ref() != Some(&format)).then(|| {
            format!(
                "was {} and must be `{format}`",
                was.map_or("free".into(), |w| format!("`{w}`"))
            )
        })
    }

    /// A changed default means another thing to who leaves the argument out: perhaps that is meant.
    fn default(&self, param: &Param, argument: &Argument, locked: &Property) {
        let Some(was) = locked.get("default") else {
            return;
        };
        let is = match &argument.default {
            // Only the schema knows its value.
            Some(Default::Computed(_)) => return,
            Some(Default::Null(_)) => "null".to_owned(),
            Some(Default::Literal { value, .. }) if is_same(value, was) => return,
            Some(Default::Literal { value, .. }) => value.json(),
            None => "none".to_owned(),
        };
        if is == was.as_written() {
            return;
        }
        self.errors.warn(
            CHANGED_DEFAULT,
            &param.ident,
            format!(
                "the default of `{}` was {} in the locked version {} and is {is}",
                locked.name,
                was.as_written(),
                self.lock.version
            ),
            "if that is meant, accept it by `cargo run -- schema --write`",
        );
    }
}

fn is_same(value: &Literal, was: Json<'_>) -> bool {
    match value {
        Literal::Int(value) => was.integer() == Some(*value),
        #[allow(clippy::float_cmp, reason = "the same text reads as the same number")]
        Literal::Float(value) => was.number() == Some(*value),
        Literal::Bool(value) => was.as_written() == value.to_string(),
        Literal::Str(value) => was.text().as_ref() == Some(value),
    }
}

/// Whether a bound is the type's own, which a lock of another server need not spell out.
fn is_own(bound: Number, own: Option<Number>) -> bool {
    own == Some(bound)
}

fn less(a: Number, b: Number) -> bool {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => a < b,
        _ => a.as_f64() < b.as_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_major;

    #[test]
    fn before_1_0_a_minor_version_is_a_major_one() {
        assert!(
            is_major("0.1.0", "0.2.0")
                && is_major("0.9.3", "1.0.0")
                && is_major("1.2.0", "2.0.0-rc.1")
        );
        assert!(
            !is_major("0.1.0", "0.1.9")
                && !is_major("1.2.0", "1.3.0")
                && !is_major("2.0.0", "1.0.0")
        );
        assert!(!is_major("today", "2.0.0"));
    }
}
