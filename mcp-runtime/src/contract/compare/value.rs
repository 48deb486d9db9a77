//! What a single value must be like: bounds, lengths, patterns, formats; and what is told about it.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::super::normal;
use super::Place;
use super::schema::Schemas;
use super::view::{View, short};
use crate::schema::{compare_numbers, identity, is_enforced, is_multiple};

/// A bound, and whether it is excluded itself.
type Bound<'d> = Option<(&'d Number, bool)>;

impl<'d> Schemas<'d, '_> {
    pub(super) fn bounds(&mut self, a: &View<'d>, b: &View<'d>, place: &Place) {
        let both = |types: &[&str]| a.may_be(types) && b.may_be(types);
        if both(&["integer", "number"]) {
            for (key, exclusive, lower) in [
                ("minimum", "exclusiveMinimum", true),
                ("maximum", "exclusiveMaximum", false),
            ] {
                self.bound(
                    bound(a, key, exclusive, lower),
                    bound(b, key, exclusive, lower),
                    lower,
                    key,
                    place,
                );
            }
            self.steps_of(a, b, place);
        }
        for (types, least, most) in [
            (["string"], "minLength", "maxLength"),
            (["array"], "minItems", "maxItems"),
            (["object"], "minProperties", "maxProperties"),
        ] {
            if both(&types) {
                for (key, lower) in [(least, true), (most, false)] {
                    let of = |view: &View<'d>| {
                        view.get(key).and_then(Value::as_number).map(|n| (n, false))
                    };
                    self.bound(of(a), of(b), lower, key, place);
                }
            }
        }
        if both(&["array"]) {
            let of = |view: &View<'d>| view.get("uniqueItems") == Some(&Value::Bool(true));
            let at = place.below("uniqueItems", "");
            match (of(a), of(b)) {
                (false, true) => self.add(31, &at, format!("the items of {place} must differ now")),
                (true, false) => self.add(63, &at, format!("the items of {place} may repeat now")),
                _ => {}
            }
        }
    }

    fn bound(&mut self, old: Bound<'d>, new: Bound<'d>, lower: bool, key: &str, place: &Place) {
        let show = |bound: Bound<'d>| match bound {
            None => "none".to_owned(),
            Some((number, false)) => number.to_string(),
            Some((number, true)) => format!("{number} (excluded)"),
        };
        let tighter = match (old, new) {
            (None, None) => return,
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (Some(old), Some(new)) => match inwards(old, new, lower) {
                Ordering::Equal => return,
                Ordering::Less => false,
                Ordering::Greater => true,
            },
        };
        let rule = if tighter { 24 } else { 25 };
        let word = if tighter { "tighter" } else { "looser" };
        let at = place.below(key, "");
        let message = format!(
            "`{key}` of {place} was {} and is {}, which is {word}",
            show(old),
            show(new)
        );
        self.add(rule, &at, message);
    }

    fn steps_of(&mut self, a: &View<'d>, b: &View<'d>, place: &Place) {
        let of = |view: &View<'d>| view.get("multipleOf").and_then(Value::as_number);
        let at = place.below("multipleOf", "");
        let (tighter, looser) = match (of(a), of(b)) {
            (None, None) => return,
            (None, Some(_)) => (true, false),
            (Some(_), None) => (false, true),
            (Some(old), Some(new)) => match compare_numbers(old, new) {
                Some(Ordering::Equal) => return,
                _ => (!is_multiple(old, new), !is_multiple(new, old)),
            },
        };
        if tighter {
            self.add(31, &at, format!("{place} must be another multiple now"));
        }
        if looser {
            self.add(
                63,
                &at,
                format!("{place} need not be the multiple that it was"),
            );
        }
        if !tighter && !looser {
            self.add(39, &at, format!("`multipleOf` of {place} changed"));
        }
    }

    pub(super) fn texts(&mut self, a: &View<'d>, b: &View<'d>, place: &Place) {
        if !a.may_be(&["string"]) || !b.may_be(&["string"]) {
            return;
        }
        let pattern = |view: &View<'d>| view.get("pattern").and_then(Value::as_str);
        let at = place.below("pattern", "");
        match (pattern(a), pattern(b)) {
            (None, Some(new)) => self.add(26, &at, format!("{place} must match `{new}` now")),
            (Some(old), None) => {
                self.add(27, &at, format!("{place} need not match `{old}` any more"))
            }
            (Some(old), Some(new)) if old != new => {
                self.add(
                    28,
                    &at,
                    format!("{place} had to match `{old}` and must match `{new}`"),
                );
            }
            _ => {}
        }
    }

    /// A format may stand beside any type.
    pub(super) fn format(&mut self, a: &View<'d>, b: &View<'d>, place: &Place) {
        let format = |view: &View<'d>| view.get("format").and_then(Value::as_str);
        let at = place.below("format", "");
        let (old, new) = (format(a), format(b));
        if old == new {
            return;
        }
        let asserted = |format: Option<&str>| format.is_some_and(is_enforced);
        let name =
            |format: Option<&str>| format.map_or_else(|| "none".into(), |f| format!("`{f}`"));
        let message = format!(
            "the format of {place} was {} and is {}",
            name(old),
            name(new)
        );
        if asserted(old) {
            self.add(63, &at, message.clone());
        }
        if asserted(new) {
            self.add(29, &at, message.clone());
        }
        if !asserted(old) && !asserted(new) {
            self.add(30, &at, message);
        }
    }

    /// What is told about a value and asserts nothing.
    pub(super) fn told(&mut self, a: &View<'d>, b: &View<'d>, place: &Place) {
        let (old, new) = (a.told("default"), b.told("default"));
        let at = place.below("default", "");
        match (old, new) {
            (None, Some(new)) => self.add(
                35,
                &at,
                format!("{place} has the default {} now", short(new)),
            ),
            (Some(old), None) => self.add(
                36,
                &at,
                format!("{place} has no default any more; it was {}", short(old)),
            ),
            (Some(old), Some(new)) if identity(old) != identity(new) => {
                self.add(
                    36,
                    &at,
                    format!(
                        "the default of {place} was {} and is {}",
                        short(old),
                        short(new)
                    ),
                );
            }
            _ => {}
        }
        for &key in normal::PROSE {
            let (old, new) = (a.told(key), b.told(key));
            if old.map(identity) == new.map(identity) {
                continue;
            }
            let at = place.below(key, "");
            match (key, new) {
                ("title", _) => self.add(5, &at, format!("the title of {place} changed")),
                ("description", None) => {
                    self.add(44, &at, format!("{place} is not described any more"))
                }
                _ => self.add(43, &at, format!("the {key} of {place} changed")),
            }
        }
        let (old, new) = (a.told("x-mcp-header"), b.told("x-mcp-header"));
        if old != new {
            let at = place.below("x-mcp-header", "");
            self.add(
                58,
                &at,
                format!("the header that {place} is mirrored into changed"),
            );
        }
    }
}

/// The tighter of the two ways to write a bound.
fn bound<'d>(view: &View<'d>, key: &str, exclusive: &str, lower: bool) -> Bound<'d> {
    let of = |key: &str, excluded| {
        view.get(key)
            .and_then(Value::as_number)
            .map(|n| (n, excluded))
    };
    match (of(key, false), of(exclusive, true)) {
        (Some(a), Some(b)) if inwards(a, b, lower) == Ordering::Greater => Some(b),
        (Some(a), Some(_)) => Some(a),
        (a, b) => a.or(b),
    }
}

/// Whether the second bound lies further inside (`Greater`) or outside (`Less`) than the first.
fn inwards((a, a_out): (&Number, bool), (b, b_out): (&Number, bool), lower: bool) -> Ordering {
    let order = compare_numbers(b, a).unwrap_or(Ordering::Equal);
    let order = if lower { order } else { order.reverse() };
    order.then(b_out.cmp(&a_out))
}
