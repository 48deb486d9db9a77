//! Keywords of a schema as words of `#[arg]` and `#[field]`.

use serde_json::{Map, Value};

use super::field::Ty;
use super::rust::tokens;

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

pub(super) fn string(map: &Map<String, Value>) -> Ty {
    let mut rest = map.clone();
    let mut ty = Ty::new("String");
    ty.words
        .extend(bounds(&mut rest, "length", ["minLength", "maxLength"]));
    if let Some(pattern) = rest.get("pattern").and_then(Value::as_str) {
        ty.words.push(format!("pattern = {pattern:?}"));
        rest.shift_remove("pattern");
    }
    if let Some(format) = rest
        .get("format")
        .and_then(Value::as_str)
        .filter(|f| FORMATS.contains(f))
    {
        ty.words.push(format!("format = {format:?}"));
        rest.shift_remove("format");
    }
    constant(&mut ty, &mut rest);
    extended(ty, &rest, &["type"])
}

/// A Rust integer where both ends are given, else one without bounds.
pub(super) fn integer(map: &Map<String, Value>) -> Ty {
    let mut rest = map.clone();
    let end = |keys: [&str; 2]| keys.iter().find_map(|key| map.get(*key)).map(Value::as_i64);
    let low = end(["minimum", "exclusiveMinimum"]);
    let high = end(["maximum", "exclusiveMaximum"]);
    let mut ty = Ty::new(match (low, high) {
        (Some(Some(low)), Some(Some(high))) if low >= 0 && high <= i64::from(u32::MAX) => "u32",
        (Some(Some(_)), Some(Some(_))) => "i64",
        _ => "Integer",
    });
    if ![low, high].contains(&Some(None)) {
        ty.words.extend(range(&mut rest));
    }
    step(&mut ty, &mut rest, |step| step.is_i64());
    constant(&mut ty, &mut rest);
    extended(ty, &rest, &["type"])
}

pub(super) fn number(map: &Map<String, Value>) -> Ty {
    let mut rest = map.clone();
    let mut ty = Ty::new("f64");
    ty.words.extend(range(&mut rest));
    step(&mut ty, &mut rest, |_| true);
    constant(&mut ty, &mut rest);
    extended(ty, &rest, &["type"])
}

pub(super) fn step(ty: &mut Ty, rest: &mut Map<String, Value>, fits: impl Fn(&Value) -> bool) {
    if rest.get("multipleOf").is_some_and(fits)
        && let Some(step) = rest.shift_remove("multipleOf")
    {
        ty.words.push(format!("multiple_of = {step}"));
    }
}

pub(super) fn constant(ty: &mut Ty, rest: &mut Map<String, Value>) {
    if let Some(constant) = rest.shift_remove("const") {
        ty.words.push(format!("constant = {}", tokens(&constant)));
    }
}

/// `range(…)` and `above = …`.
pub(super) fn range(rest: &mut Map<String, Value>) -> Vec<String> {
    let mut words = Vec::new();
    let min = rest.shift_remove("minimum");
    if min.is_none()
        && let Some(above) = rest.shift_remove("exclusiveMinimum")
    {
        words.push(format!("above = {above}"));
    }
    let max = rest.shift_remove("maximum");
    let below = if max.is_none() {
        rest.shift_remove("exclusiveMaximum")
    } else {
        None
    };
    let text = |end: Option<Value>| end.map(|end| end.to_string()).unwrap_or_default();
    match (&max, &below) {
        (Some(_), _) => words.push(format!("range({}..={})", text(min), text(max))),
        (_, Some(_)) => words.push(format!("range({}..{})", text(min), text(below))),
        _ if min.is_some() => words.push(format!("range({}..)", text(min))),
        _ => {}
    }
    words
}

/// `length(…)`
pub(super) fn bounds(rest: &mut Map<String, Value>, word: &str, keys: [&str; 2]) -> Option<String> {
    let [min, max] = keys.map(|key| rest.get(key).and_then(Value::as_u64));
    for (key, end) in keys.iter().zip([min, max]) {
        if end.is_some() {
            rest.shift_remove(*key);
        }
    }
    let text = |end: Option<u64>| end.map(|end| end.to_string()).unwrap_or_default();
    match (min, max) {
        (None, None) => None,
        (_, Some(_)) => Some(format!("{word}({}..={})", text(min), text(max))),
        _ => Some(format!("{word}({}..)", text(min))),
    }
}

/// What is left over goes into `extend(…)`.
pub(super) fn extended(mut ty: Ty, rest: &Map<String, Value>, said: &[&str]) -> Ty {
    let left = rest
        .iter()
        .filter(|(key, _)| !said.contains(&key.as_str()) && *key != "description");
    let left: Vec<_> = left
        .map(|(key, value)| format!("{key:?} = {}", tokens(value)))
        .collect();
    if !left.is_empty() {
        ty.words.push(format!("extend({})", left.join(", ")));
    }
    ty
}

pub(super) fn extend_head(head: &mut Vec<String>, map: &Map<String, Value>, said: &[&str]) {
    let ty = extended(Ty::default(), map, said);
    head.extend(ty.words);
}

pub(super) fn head_of(words: &[String]) -> String {
    match words {
        [] => String::new(),
        words => format!("({})", words.join(", ")),
    }
}

/// One `extend(…)` in place of several.
pub(super) fn merged(words: Vec<String>) -> Vec<String> {
    let (extended, mut rest): (Vec<_>, Vec<_>) =
        words.into_iter().partition(|w| w.starts_with("extend("));
    let inner: Vec<_> = extended
        .iter()
        .filter_map(|word| word.strip_prefix("extend(")?.strip_suffix(')'))
        .collect();
    if !inner.is_empty() {
        rest.push(format!("extend({})", inner.join(", ")));
    }
    rest
}
