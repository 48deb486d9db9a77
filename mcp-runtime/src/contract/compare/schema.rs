//! Two schemas, node by node, in one direction.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::super::normal;
use super::super::rules::{Direction, Severity};
use super::view::{View, covers, short};
use super::{Changes, Place};
use crate::schema::{canonical, identity};

/// As many pairs of schemas as one comparison looks at: beyond, it is no contract but a data set.
const MAX_STEPS: usize = 400_000;
/// As many of these as are spent on one question whether an alternative is covered by another.
const MAX_TRIAL: usize = 2_000;
/// As deep as it follows schemas, references included.
const MAX_DEPTH: usize = 160;

/// What stands where nothing is said.
pub(super) static ANY: Value = Value::Null;

/// Compares one pair of whole schemas; both are in their normal form.
pub(super) struct Schemas<'d, 'c> {
    pub(super) direction: Direction,
    pub(super) old_root: &'d Value,
    pub(super) new_root: &'d Value,
    pub(super) changes: &'c mut Changes,
    seen: HashSet<(*const Value, *const Value)>,
    depth: usize,
    steps: usize,
    /// Whether it is only tried out, for [`Schemas::is_narrower`].
    pub(super) is_trial: bool,
}

/// Compares the schemas at `path`, and says so where they differ in a way that no rule has a word for.
pub(super) fn compare(
    old: &Value,
    new: &Value,
    direction: Direction,
    path: &str,
    changes: &mut Changes,
) {
    dialect(old, new, direction, path, changes);
    let (mut old, mut new) = (normal::normal(old), normal::normal(new));
    if direction == Direction::In {
        arguments_are_an_object(&mut old);
        arguments_are_an_object(&mut new);
    }
    if identity(&old) == identity(&new) {
        return;
    }
    let before = changes.asserting();
    let mut schemas = Schemas {
        direction,
        old_root: &old,
        new_root: &new,
        changes,
        seen: HashSet::new(),
        depth: 0,
        steps: 0,
        is_trial: false,
    };
    let place = Place::root(path);
    schemas.compare(&old, &new, &place);
    if changes.asserting() > before {
        return;
    }
    let (old, new) = (normal::contract(&old), normal::contract(&new));
    let (old, new) = (without_dialect(old), without_dialect(new));
    if canonical(&old) == canonical(&new) {
        return;
    }
    let refers =
        |schema: &Value| schema.to_string().contains("\"$ref\"") || schema.get("$defs").is_some();
    if refers(&old) || refers(&new) {
        changes.add(
            41,
            direction,
            path,
            "the references are written differently, what they lead to is the same",
        );
    } else {
        changes.add(
            39,
            direction,
            path,
            "changed in a way that no rule can judge",
        );
    }
}

/// `tools/call` sends an object, whether the schema says so or not.
fn arguments_are_an_object(schema: &mut Value) {
    if let Value::Object(map) = schema
        && !map.contains_key("$ref")
    {
        map.entry("type").or_insert_with(|| "object".into());
    }
}

fn without_dialect(mut schema: Value) -> Value {
    if let Value::Object(map) = &mut schema {
        map.remove("$schema");
        map.remove("$id");
    }
    schema
}

fn dialect(old: &Value, new: &Value, direction: Direction, path: &str, changes: &mut Changes) {
    /// What MCP takes a schema for that does not say (SEP-1613).
    const DEFAULT: &str = "json-schema.org/draft/2020-12/schema";
    let of = |schema: &Value| {
        let name = schema.get("$schema").and_then(Value::as_str);
        let name = name.unwrap_or(DEFAULT).trim_end_matches('#');
        let name = name.trim_start_matches("https://");
        name.trim_start_matches("http://").to_owned()
    };
    let (a, b) = (of(old), of(new));
    if a != b {
        changes.add(
            42,
            direction,
            &format!("{path}/$schema"),
            format!("the dialect was {a} and is {b}"),
        );
    }
}

impl<'d> Schemas<'d, '_> {
    pub(super) fn add(&mut self, rule: u8, place: &Place, message: impl Into<String>) {
        self.changes.add(rule, self.direction, &place.path, message);
    }

    pub(super) fn compare(&mut self, old: &'d Value, new: &'d Value, place: &Place) {
        if !self.enter(old, new, place) {
            return;
        }
        let (a, b) = (View::of(self.old_root, old), View::of(self.new_root, new));
        if !self.one_against_many(old, new, &a, &b, place) {
            self.told(&a, &b, place);
            self.asserted(&a, &b, place);
        }
        self.leave();
    }

    /// Whether this pair is still to be looked at. A pair that was looked at once is reported once: so recursion ends,
    /// and shared definitions cost nothing.
    pub(super) fn enter(&mut self, old: &'d Value, new: &'d Value, place: &Place) -> bool {
        if !self.seen.insert((old, new)) {
            return false;
        }
        self.steps += 1;
        if self.steps > MAX_STEPS || self.depth > MAX_DEPTH {
            if self.steps <= MAX_STEPS + 1 {
                let message =
                    format!("{place} is nested too deep, or has too many parts, to be compared");
                self.add(39, place, message);
            }
            return false;
        }
        self.depth += 1;
        true
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Whether all that the second schema lets through is let through by the first, each within its document: whoever
    /// reads values of the first can read those of the second.
    pub(super) fn is_narrower<'t>(
        &mut self,
        (old_root, old): (&'t Value, &'t Value),
        (new_root, new): (&'t Value, &'t Value),
    ) -> bool {
        let mut changes = Changes::default();
        let before = self.steps.max(MAX_STEPS - MAX_TRIAL);
        let mut trial = Schemas {
            direction: Direction::Out,
            old_root,
            new_root,
            changes: &mut changes,
            seen: HashSet::new(),
            depth: 0,
            steps: before,
            is_trial: true,
        };
        // Below the root, where alternatives are nothing special.
        trial.compare(old, new, &Place::root("").below("", "x"));
        self.steps += trial.steps - before;
        changes.greatest() < Severity::Review
    }

    /// All that asserts something.
    pub(super) fn asserted(&mut self, a: &View<'d>, b: &View<'d>, place: &Place) {
        if (a.adds_up() || b.adds_up()) && self.differ(a, b) {
            let message = format!("{place} adds constraints to a reference that has them too");
            self.add(39, place, message);
            return;
        }
        if !self.types(a, b, place) {
            return;
        }
        self.values(a, b, place);
        self.bounds(a, b, place);
        self.texts(a, b, place);
        self.format(a, b, place);
        if a.may_be(&["object"]) && b.may_be(&["object"]) {
            self.object(a, b, place);
        }
        if a.may_be(&["array"]) && b.may_be(&["array"]) {
            self.items(a, b, place);
        }
        self.compositions(a, b, place);
        self.rest(a, b, place);
    }

    fn differ(&self, a: &View<'d>, b: &View<'d>) -> bool {
        let text = |view: &View<'d>| {
            let keys = view.keys().into_iter();
            let map: Map<String, Value> = keys
                .filter_map(|k| Some((k.to_owned(), view.get(k)?.clone())))
                .collect();
            canonical(&normal::contract(&Value::Object(map)))
        };
        text(a) != text(b)
    }

    /// Whether the types have anything in common, so that it makes sense to go on.
    fn types(&mut self, a: &View<'d>, b: &View<'d>, place: &Place) -> bool {
        // The values of two enums say all.
        if a.values().is_some() && b.values().is_some() {
            return true;
        }
        let words = |types: &std::collections::BTreeSet<&str>| {
            let words: Vec<&str> = types.iter().copied().collect();
            match words.as_slice() {
                [] => "nothing".to_owned(),
                words => words.join(" or "),
            }
        };
        let (wider, narrower, from, to) = match (a.types(), b.types()) {
            (None, None) => return true,
            (None, Some(to)) => (false, true, "anything".to_owned(), words(&to)),
            (Some(from), None) => (true, false, words(&from), "anything".to_owned()),
            (Some(from), Some(to)) => (
                covers(&to, &from),
                covers(&from, &to),
                words(&from),
                words(&to),
            ),
        };
        match (wider, narrower) {
            (true, true) => return true,
            (true, false) => {
                // Where the alternatives say which types there are, they are compared.
                if a.alternatives().is_none() && b.alternatives().is_none()
                    || from != "anything" && to != "anything"
                {
                    self.add(16, place, format!("{place} was {from} and is {to}"));
                }
            }
            (false, true) => {
                if a.alternatives().is_none() && b.alternatives().is_none()
                    || from != "anything" && to != "anything"
                {
                    self.add(17, place, format!("{place} was {from} and is only {to}"));
                }
            }
            (false, false) => {
                self.add(18, place, format!("{place} was {from} and is {to}"));
                return false;
            }
        }
        true
    }

    fn values(&mut self, a: &View<'d>, b: &View<'d>, place: &Place) {
        let list = |values: &[&Value]| {
            let shown: Vec<String> = values.iter().take(8).map(|v| short(v)).collect();
            let more = if values.len() > 8 { ", …" } else { "" };
            format!("{}{more}", shown.join(", "))
        };
        match (a.values(), b.values()) {
            (None, None) => {}
            (None, Some(new)) => {
                self.add(22, place, format!("{place} can only be {} now", list(&new)))
            }
            (Some(old), None) => self.add(
                23,
                place,
                format!("{place} was one of {}, and is free now", list(&old)),
            ),
            (Some(old), Some(new)) => {
                let keys =
                    |values: &[&Value]| values.iter().map(|v| identity(v)).collect::<Vec<_>>();
                let (old_keys, new_keys) = (keys(&old), keys(&new));
                let (old_set, new_set): (HashSet<_>, HashSet<_>) =
                    (old_keys.iter().collect(), new_keys.iter().collect());
                let pick = |values: &[&'d Value],
                            keys: &[String],
                            other: &HashSet<&String>|
                 -> Vec<&'d Value> {
                    let pairs = values.iter().zip(keys);
                    pairs
                        .filter(|(_, k)| !other.contains(k))
                        .map(|(v, _)| *v)
                        .collect()
                };
                let removed = pick(&old, &old_keys, &new_set);
                let added = pick(&new, &new_keys, &old_set);
                if !removed.is_empty() {
                    self.add(
                        20,
                        place,
                        format!("{place} can no longer be {}", list(&removed)),
                    );
                }
                if !added.is_empty() {
                    self.add(19, place, format!("{place} can also be {}", list(&added)));
                }
                if removed.is_empty() && added.is_empty() && old_keys != new_keys {
                    self.add(
                        21,
                        place,
                        format!("the values of {place} are in another order"),
                    );
                }
            }
        }
    }

    fn items(&mut self, a: &View<'d>, b: &View<'d>, place: &Place) {
        for key in ["items", "prefixItems"] {
            let empty: &'static Value = &ANY;
            let (old, new) = (a.get(key), b.get(key));
            let each = |i: usize| place.below(&format!("{key}/{i}"), &format!("[{i}]"));
            match (old, new) {
                (None, None) => {}
                (Some(Value::Array(x)), Some(Value::Array(y))) if x.len() == y.len() => {
                    for (i, (x, y)) in x.iter().zip(y).enumerate() {
                        self.compare(x, y, &each(i));
                    }
                }
                (Some(Value::Array(_)), _) | (_, Some(Value::Array(_))) => {
                    let at = place.below(key, "");
                    let message = format!("the list of what stands where in {place} changed");
                    self.add(39, &at, message);
                }
                (old, new) => {
                    let at = place.below(key, "[]");
                    self.compare(old.unwrap_or(empty), new.unwrap_or(empty), &at);
                }
            }
        }
    }

    /// What no rule has a word for is for people.
    fn rest(&mut self, a: &View<'d>, b: &View<'d>, place: &Place) {
        const JUDGED: &[&str] = &[
            "$schema",
            "$id",
            "$defs",
            "$anchor",
            "$ref",
            "type",
            "enum",
            "default",
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "minLength",
            "maxLength",
            "minItems",
            "maxItems",
            "minProperties",
            "maxProperties",
            "multipleOf",
            "uniqueItems",
            "pattern",
            "format",
            "required",
            "properties",
            "additionalProperties",
            "unevaluatedProperties",
            "items",
            "prefixItems",
            "anyOf",
            "oneOf",
            "allOf",
            "x-mcp-header",
        ];
        let keys: Vec<&str> = a.keys().union(&b.keys()).copied().collect();
        for key in keys {
            if JUDGED.contains(&key) || normal::is_prose(key) {
                continue;
            }
            let text = |view: &View<'d>| view.get(key).map(|v| canonical(&normal::contract(v)));
            if text(a) != text(b) {
                let at = place.below(key, "");
                self.add(39, &at, format!("`{key}` of {place} changed"));
            }
        }
        // A reference that leads out of the document, or nowhere.
        if a.get("$ref") != b.get("$ref") {
            let at = place.below("$ref", "");
            self.add(
                39,
                &at,
                format!("what {place} refers to cannot be looked up"),
            );
        }
    }
}
