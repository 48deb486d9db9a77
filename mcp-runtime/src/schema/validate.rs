//! Enforces a JSON schema (2020-12) on a value and names every problem with its path.
//!
//! Only the slow path comes here, so the schema is walked as it stands; what is costly or can fail (patterns,
//! keywords that we do not know) is settled once, at start-up.

use std::collections::HashMap;

use regex::Regex;
use serde_json::{Map, Value};

use super::coerce::resolve;
use super::format;
use super::input::kind;
use super::number::{compare, has_twins, is_multiple, is_whole, same};
use super::prepare::prepare;
use super::words::{child, is_missing, of, outsides, unknown};

/// How deep a schema may send us into a value, through references that recurse.
const MAX_DEPTH: usize = 200;

/// How many problems are looked for. One more than an answer names, so that it can say that there are more.
const MAX_PROBLEMS: usize = super::input::MAX_PROBLEMS + 1;

/// Something wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Where: `$.a[0].b`.
    pub path: String,
    /// What.
    pub text: String,
}

impl Problem {
    pub(super) fn at(path: String, text: String) -> Self {
        Self { path, text }
    }

    pub(super) fn root(text: String) -> Self {
        Self::at("$".into(), text)
    }
}

/// A schema that is ready to be enforced.
#[derive(Debug)]
pub(super) struct Validator {
    schema: Value,
    patterns: HashMap<String, Regex>,
}

impl Validator {
    /// Settles what a call must not find out: that patterns compile, references resolve and keywords are known.
    pub(super) fn build(schema: Value) -> Result<Self, String> {
        let mut patterns = HashMap::new();
        prepare(&schema, &schema, "", &mut patterns, 0)?;
        Ok(Self { schema, patterns })
    }

    pub(super) fn schema(&self) -> &Value {
        &self.schema
    }

    /// The problems of a value by a part of the schema.
    pub(super) fn check_part(&self, schema: &Value, value: &Value) -> Vec<Problem> {
        let mut walk = Walk::new(self, MAX_PROBLEMS);
        walk.check(schema, value, "$", 0);
        walk.problems
    }

    /// Every problem of the value, in the order of the schema.
    pub(super) fn check(&self, value: &Value) -> Vec<Problem> {
        self.check_part(&self.schema, value)
    }
}

/// One way through a schema. It stops at `limit` problems: at the first, where only yes or no is asked.
struct Walk<'v> {
    validator: &'v Validator,
    problems: Vec<Problem>,
    limit: usize,
}

impl<'v> Walk<'v> {
    fn new(validator: &'v Validator, limit: usize) -> Self {
        Self {
            validator,
            problems: Vec::new(),
            limit,
        }
    }

    fn fail(&mut self, path: &str, text: impl Into<String>) {
        if !self.is_full() {
            self.problems
                .push(Problem::at(path.to_owned(), text.into()));
        }
    }

    fn is_full(&self) -> bool {
        self.problems.len() >= self.limit
    }

    /// Whether the value passes, without noting why not.
    fn passes(&self, schema: &Value, value: &Value, depth: usize) -> bool {
        let mut trial = Walk::new(self.validator, 1);
        trial.check(schema, value, "$", depth);
        trial.problems.is_empty()
    }

    fn check(&mut self, schema: &Value, value: &Value, path: &str, depth: usize) {
        if self.is_full() {
            return;
        }
        let map = match schema {
            Value::Bool(true) => return,
            Value::Object(map) => map,
            _ => return self.fail(path, "is not allowed"),
        };
        if depth > MAX_DEPTH {
            return self.fail(path, "is nested too deeply");
        }
        if let Some(target) = map
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|r| resolve(&self.validator.schema, r))
        {
            self.check(target, value, path, depth + 1);
        }
        if !self.type_fits(map, value, path) {
            return;
        }
        self.values(map, value, path);
        match value {
            Value::Number(number) => self.number(map, number, path),
            Value::String(text) => self.string(map, text, path),
            Value::Array(items) => self.array(map, items, path, depth),
            Value::Object(object) => self.object(map, object, path, depth),
            _ => {}
        }
        self.combined(map, value, path, depth);
    }

    fn type_fits(&mut self, map: &Map<String, Value>, value: &Value, path: &str) -> bool {
        let fits = |name: &Value| match name.as_str() {
            Some("null") => value.is_null(),
            Some("boolean") => value.is_boolean(),
            Some("number") => value.is_number(),
            Some("integer") => value.as_number().is_some_and(is_whole),
            Some("string") => value.is_string(),
            Some("array") => value.is_array(),
            Some("object") => value.is_object(),
            _ => false,
        };
        let wanted = match map.get("type") {
            None => return true,
            Some(Value::Array(several)) if several.iter().any(fits) => return true,
            Some(Value::Array(several)) => several
                .iter()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join(" or "),
            Some(one) if fits(one) => return true,
            Some(one) => one.as_str().unwrap_or_default().to_owned(),
        };
        let got = match value {
            Value::Number(n) => n.to_string(),
            other => kind(other).to_owned(),
        };
        self.fail(path, format!("must be of type {wanted}, not {got}"));
        false
    }

    fn values(&mut self, map: &Map<String, Value>, value: &Value, path: &str) {
        if let Some(Value::Array(allowed)) = map.get("enum")
            && !allowed.iter().any(|a| same(a, value))
        {
            let allowed = allowed
                .iter()
                .map(Value::to_string)
                .collect::<Vec<_>>()
                .join(", ");
            self.fail(path, format!("must be one of {allowed}"));
        }
        if let Some(only) = map.get("const")
            && !same(only, value)
        {
            self.fail(path, format!("must be {only}"));
        }
    }

    fn number(&mut self, map: &Map<String, Value>, number: &serde_json::Number, path: &str) {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let mut bound = |key: &str, wrong: &[std::cmp::Ordering], words: &str| {
            if let Some(Value::Number(limit)) = map.get(key)
                && compare(number, limit).is_some_and(|o| wrong.contains(&o))
            {
                self.fail(path, format!("must be {words} {limit}, not {number}"));
            }
        };
        bound("minimum", &[Less], "at least");
        bound("maximum", &[Greater], "at most");
        bound("exclusiveMinimum", &[Less, Equal], "greater than");
        bound("exclusiveMaximum", &[Greater, Equal], "less than");
        if let Some(Value::Number(step)) = map.get("multipleOf")
            && !is_multiple(number, step)
        {
            self.fail(path, format!("must be a multiple of {step}, not {number}"));
        }
    }

    fn string(&mut self, map: &Map<String, Value>, text: &str, path: &str) {
        self.count(
            map,
            ["minLength", "maxLength"],
            text.chars().count(),
            "characters",
            path,
        );
        if let Some(source) = map.get("pattern").and_then(Value::as_str)
            && self
                .validator
                .patterns
                .get(source)
                .is_some_and(|regex| !regex.is_match(text))
        {
            self.fail(path, format!("must match the pattern {source}"));
        }
        if let Some(name) = map.get("format").and_then(Value::as_str)
            && !format::is_valid(name, text)
        {
            self.fail(path, format!("must be a valid {name}"));
        }
    }

    fn count(
        &mut self,
        map: &Map<String, Value>,
        keys: [&str; 2],
        n: usize,
        unit: &str,
        path: &str,
    ) {
        let limit = |key: &str| {
            map.get(key)
                .and_then(Value::as_u64)
                .and_then(|v| usize::try_from(v).ok())
        };
        if let Some(least) = limit(keys[0]).filter(|least| n < *least) {
            self.fail(
                path,
                format!("must have at least {}, not {n}", of(least, unit)),
            );
        }
        if let Some(most) = limit(keys[1]).filter(|most| n > *most) {
            self.fail(
                path,
                format!("must have at most {}, not {n}", of(most, unit)),
            );
        }
    }

    fn array(&mut self, map: &Map<String, Value>, items: &[Value], path: &str, depth: usize) {
        self.count(map, ["minItems", "maxItems"], items.len(), "items", path);
        if map.get("uniqueItems") == Some(&Value::Bool(true)) && has_twins(items) {
            self.fail(path, "must not have the same item twice");
        }
        let prefix = map
            .get("prefixItems")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        for (i, item) in items.iter().enumerate() {
            if let Some(schema) = prefix.get(i).or_else(|| map.get("items")) {
                self.check(schema, item, &format!("{path}[{i}]"), depth + 1);
            }
        }
        if let Some(schema) = map.get("contains") {
            let n = items
                .iter()
                .filter(|item| self.passes(schema, item, depth + 1))
                .count() as u64;
            let least = map.get("minContains").and_then(Value::as_u64).unwrap_or(1);
            let most = map
                .get("maxContains")
                .and_then(Value::as_u64)
                .unwrap_or(u64::MAX);
            if n < least || n > most {
                self.fail(
                    path,
                    format!("has {n} items of the kind that `contains` asks for"),
                );
            }
        }
    }

    fn object(
        &mut self,
        map: &Map<String, Value>,
        object: &Map<String, Value>,
        path: &str,
        depth: usize,
    ) {
        self.count(
            map,
            ["minProperties", "maxProperties"],
            object.len(),
            "entries",
            path,
        );
        for name in map
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            if let Some(name) = name.as_str().filter(|n| !object.contains_key(*n)) {
                self.fail(&child(path, name), "is required");
            }
        }
        for (trigger, needed) in map
            .get("dependentRequired")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            for name in needed
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
            {
                if object.contains_key(trigger) && !object.contains_key(name) {
                    self.fail(
                        &child(path, name),
                        format!("is required beside `{trigger}`"),
                    );
                }
            }
        }
        for (trigger, schema) in map
            .get("dependentSchemas")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            if object.contains_key(trigger) {
                self.check(schema, &Value::Object(object.clone()), path, depth + 1);
            }
        }
        let properties = map.get("properties").and_then(Value::as_object);
        let by_pattern = map.get("patternProperties").and_then(Value::as_object);
        for (name, value) in object {
            let here = child(path, name);
            if let Some(schema) = map.get("propertyNames")
                && !self.passes(schema, &Value::String(name.clone()), depth + 1)
            {
                self.fail(&here, "is a name that is not allowed");
            }
            let mut known = false;
            if let Some(schema) = properties.and_then(|p| p.get(name)) {
                known = true;
                self.check(schema, value, &here, depth + 1);
            }
            for (source, schema) in by_pattern.into_iter().flatten() {
                if self
                    .validator
                    .patterns
                    .get(source)
                    .is_some_and(|regex| regex.is_match(name))
                {
                    known = true;
                    self.check(schema, value, &here, depth + 1);
                }
            }
            match map.get("additionalProperties") {
                Some(Value::Bool(false)) if !known => {
                    let names: Vec<_> = properties
                        .into_iter()
                        .flat_map(|p| p.keys())
                        .cloned()
                        .collect();
                    self.fail(&here, unknown(&names));
                }
                Some(schema) if !known => self.check(schema, value, &here, depth + 1),
                _ => {}
            }
        }
    }

    fn combined(&mut self, map: &Map<String, Value>, value: &Value, path: &str, depth: usize) {
        let branches = |key: &str| map.get(key).and_then(Value::as_array);
        for schema in branches("allOf").into_iter().flatten() {
            self.check(schema, value, path, depth + 1);
        }
        if let Some(all) = branches("anyOf") {
            self.alternatives(all, value, path, depth);
        }
        if let Some(all) = branches("oneOf") {
            let fitting = self.alternatives(all, value, path, depth);
            if fitting > 1 {
                self.fail(
                    path,
                    format!("must fit exactly one of the alternatives, and fits {fitting}"),
                );
            }
        }
        if let Some(schema) = map.get("not")
            && self.passes(schema, value, depth + 1)
        {
            self.fail(path, "is a value that is not allowed");
        }
        if let Some(condition) = map.get("if") {
            let branch = if self.passes(condition, value, depth + 1) {
                "then"
            } else {
                "else"
            };
            if let Some(schema) = map.get(branch) {
                self.check(schema, value, path, depth + 1);
            }
        }
    }

    /// How many alternatives a value fits, each tried once. Where it is none, the problems of the one that comes
    /// nearest are named; for plain alternatives, one sentence.
    fn alternatives(
        &mut self,
        branches: &[Value],
        value: &Value,
        path: &str,
        depth: usize,
    ) -> usize {
        let mut fitting = 0;
        let mut nearest: Option<Vec<Problem>> = None;
        for schema in branches {
            let mut trial = Walk::new(self.validator, self.limit);
            trial.check(schema, value, path, depth + 1);
            let problems = trial.problems;
            if problems.is_empty() {
                fitting += 1;
                continue;
            }
            // A problem deep inside the value means that its outer shape already fitted.
            let lacks = |p: &Problem| p.path == path || is_missing(schema, value, &p.path, path);
            let inside = !problems.iter().any(lacks);
            if inside
                && nearest
                    .as_ref()
                    .is_none_or(|best| problems.len() < best.len())
            {
                nearest = Some(problems);
            }
        }
        if fitting == 0 {
            match nearest {
                Some(problems) => problems
                    .into_iter()
                    .for_each(|p| self.fail(&p.path, p.text)),
                None => match outsides(branches) {
                    Some(shapes) => self.fail(path, format!("must be {shapes}")),
                    None => {
                        self.fail(
                            path,
                            format!("fits none of the {} alternatives", branches.len()),
                        );
                    }
                },
            }
        }
        fitting
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problems(schema: Value, value: Value) -> Vec<String> {
        let validator = Validator::build(schema).expect("a good schema");
        validator
            .check(&value)
            .into_iter()
            .map(|p| format!("{}: {}", p.path, p.text))
            .collect()
    }

    #[test]
    fn each_keyword_is_enforced() {
        let cases = [
            (json!({"type": "integer"}), json!(1), json!(1.5)),
            (json!({"type": ["string", "null"]}), json!(null), json!(1)),
            (json!({"enum": ["a", 1]}), json!(1.0), json!("b")),
            (
                json!({"const": {"a": [1]}}),
                json!({"a": [1]}),
                json!({"a": [2]}),
            ),
            (json!({"minimum": 2}), json!(2), json!(1)),
            (json!({"exclusiveMaximum": 2}), json!(1.9), json!(2)),
            (json!({"maximum": u64::MAX}), json!(u64::MAX), json!(1e20)),
            (json!({"multipleOf": 0.1}), json!(0.3), json!(0.35)),
            (json!({"maxLength": 2}), json!("äö"), json!("abc")),
            (json!({"pattern": "^a+$"}), json!("aa"), json!("ab")),
            (json!({"format": "email"}), json!("a@b.test"), json!("a b")),
            (
                json!({"minItems": 1, "uniqueItems": true}),
                json!([1, 2]),
                json!([1, 1.0]),
            ),
            (
                json!({"items": {"type": "string"}}),
                json!(["a"]),
                json!(["a", 1]),
            ),
            (
                json!({"prefixItems": [{"type": "string"}], "items": false}),
                json!(["a"]),
                json!(["a", 1]),
            ),
            (json!({"contains": {"const": 1}}), json!([0, 1]), json!([0])),
            (json!({"required": ["a"]}), json!({"a": 1}), json!({})),
            (
                json!({"properties": {"a": {"type": "string"}}}),
                json!({"b": 1}),
                json!({"a": 1}),
            ),
            (
                json!({"additionalProperties": {"type": "string"}}),
                json!({"a": "b"}),
                json!({"a": 1}),
            ),
            (
                json!({"patternProperties": {"^x": {"type": "string"}}}),
                json!({"y": 1}),
                json!({"xa": 1}),
            ),
            (
                json!({"propertyNames": {"maxLength": 1}}),
                json!({"a": 1}),
                json!({"ab": 1}),
            ),
            (
                json!({"dependentRequired": {"a": ["b"]}}),
                json!({"a": 1, "b": 1}),
                json!({"a": 1}),
            ),
            (
                json!({"anyOf": [{"type": "string"}, {"minimum": 3}]}),
                json!(3),
                json!(2),
            ),
            (
                json!({"oneOf": [{"minimum": 1}, {"minimum": 3}]}),
                json!(2),
                json!(4),
            ),
            (
                json!({"allOf": [{"minimum": 1}, {"maximum": 3}]}),
                json!(2),
                json!(4),
            ),
            (json!({"not": {"type": "null"}}), json!(1), json!(null)),
            (
                json!({"if": {"const": 1}, "then": false, "else": true}),
                json!(2),
                json!(1),
            ),
            (
                json!({"$ref": "#/$defs/a", "$defs": {"a": {"const": 1}}}),
                json!(1),
                json!(2),
            ),
        ];
        for (schema, good, bad) in cases {
            assert_eq!(
                problems(schema.clone(), good),
                Vec::<String>::new(),
                "{schema}"
            );
            assert_ne!(
                problems(schema.clone(), bad),
                Vec::<String>::new(),
                "{schema}"
            );
        }
    }

    #[test]
    fn the_alternative_that_comes_nearest_words_the_problem() {
        let schema = json!({"anyOf": [
            {"type": "string"},
            {"type": "object", "properties": {"a": {"type": "integer"}}}
        ]});
        assert_eq!(
            problems(schema, json!({"a": "x"})),
            ["$.a: must be of type integer, not a string"]
        );
    }

    #[test]
    fn a_schema_that_cannot_be_enforced_is_refused() {
        for schema in [
            json!({"pattern": "("}),
            json!({"$ref": "#/$defs/none"}),
            json!({"unevaluatedProperties": false}),
            json!({"properties": {"a": 1}}),
        ] {
            assert!(Validator::build(schema.clone()).is_err(), "{schema}");
        }
    }

    #[test]
    fn a_recursive_alternative_is_tried_once_a_level() {
        let expression = json!({"oneOf": [
            {"type": "object", "properties": {"Num": {"type": "integer"}}, "required": ["Num"]},
            {"type": "object", "properties": {"Neg": {"$ref": "#"}}, "required": ["Neg"]}
        ]});
        let mut value = json!("x");
        for _ in 0..60 {
            value = json!({ "Neg": value });
        }
        // Twice a level would be 2 to the 60th.
        assert_eq!(problems(expression, value).len(), 1);
    }

    #[test]
    fn only_so_many_problems_are_looked_for() {
        let items: Vec<_> = (0..10_000).map(|_| json!("x")).collect();
        assert_eq!(
            problems(json!({"items": {"type": "integer"}}), json!(items)).len(),
            MAX_PROBLEMS
        );
    }

    #[test]
    fn recursion_ends() {
        let schema = json!({"$ref": "#"});
        assert_eq!(problems(schema, json!(1)), ["$: is nested too deeply"]);
    }
}
