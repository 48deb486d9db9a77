//! The input schema of one item, and the slow path of a call: coerce, validate, word every problem.

use serde_json::{Map, Value, json};

use super::portable::Nulls;
use super::validate::{Problem, Validator};
use super::{coerce, keywords, portable, shared};
use crate::descriptor::{Param, ParamDefault, ToolDescriptor};
use crate::result::Error;
use schemars::generate::Contract;
use schemars::{Schema, SchemaGenerator};

/// The most problems that one answer names.
pub(super) const MAX_PROBLEMS: usize = 20;

/// Holds the definitions that nothing may use, while they are collected.
const UNUSED: &str = "x-mcp-definitions";

/// A schema that cannot be served: a mistake of the developer, found at start-up.
#[derive(Debug)]
pub(crate) struct SchemaError(pub String);

/// What only a tool says of its schema.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Extras {
    pub open: bool,
    /// The whole schema, word for word.
    pub verbatim: Option<&'static str>,
    /// Further keywords at its root, each with its value as JSON text.
    pub extend: &'static [(&'static str, &'static str)],
    /// Types that are published under `$defs` in any case.
    pub definitions: &'static [fn(&mut SchemaGenerator) -> Schema],
}

impl Extras {
    pub(crate) fn of(tool: &ToolDescriptor) -> Self {
        Self {
            open: tool.open,
            verbatim: tool.schema_text,
            extend: tool.extend,
            definitions: tool.definitions,
        }
    }
}

/// What an item takes: its schema as published, and the means to enforce it.
pub(crate) struct Input {
    params: &'static [&'static Param],
    open: bool,
    nested: bool,
    validator: Validator,
    published: Value,
}

impl Input {
    /// Derives the schema from the parameters, or takes the one that was written down.
    pub(crate) fn build(
        params: &'static [&'static Param],
        extras: Extras,
    ) -> Result<Self, SchemaError> {
        let (schema, nested) = match extras.verbatim {
            Some(text) => (parse_verbatim(text)?, true),
            None => derive(params, extras)?,
        };
        let open = extras.open || schema.get("additionalProperties") != Some(&Value::Bool(false));
        let published = portable::published(&schema);
        let validator = Validator::build(schema).map_err(SchemaError)?;
        defaults_fit(params, &published, &validator)?;
        Ok(Self {
            params,
            open,
            nested,
            validator,
            published,
        })
    }

    /// The schema as published.
    pub(crate) fn schema(&self) -> &Value {
        &self.published
    }

    /// The values that the schema lists for an argument.
    pub(crate) fn suggestions(&self, name: &str) -> Vec<String> {
        let schema = &self.published["properties"][name];
        if schema["type"] == "boolean" {
            return vec!["true".into(), "false".into()];
        }
        let listed = schema["enum"].as_array().into_iter().flatten();
        let titled = schema["oneOf"].as_array().into_iter().flatten();
        listed
            .chain(titled.map(|one| &one["const"]))
            .filter_map(|value| value.as_str().map(Into::into))
            .collect()
    }

    /// Whether the schema lists values for an argument.
    pub(crate) fn suggests(&self, name: &str) -> bool {
        !self.suggestions(name).is_empty()
    }

    /// Whether unknown arguments are let through.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// Whether the schema says more than the types and the typed checks enforce.
    pub(crate) fn has_nested_constraints(&self) -> bool {
        self.nested
    }

    /// The slow path: reads the arguments whole, coerces what clients send as strings, and validates.
    ///
    /// # Errors
    /// A tool error that names every problem with its JSON path.
    pub(crate) fn repair(&self, name: &str, arguments: &[u8]) -> Result<Vec<u8>, Error> {
        let mut value: Value = match serde_json::from_slice(arguments) {
            Ok(value @ Value::Object(_)) => value,
            Ok(other) => {
                return Err(refusal(
                    name,
                    &[Problem::root(format!(
                        "must be an object, not {}",
                        kind(&other)
                    ))],
                ));
            }
            Err(error) => return Err(refusal(name, &[Problem::root(error.to_string())])),
        };
        coerce::coerce(self.validator.schema(), &mut value);
        let problems = self.validator.check(&value);
        if problems.is_empty() {
            return Ok(serde_json::to_vec(&value)?);
        }
        Err(refusal(name, &problems))
    }

    /// The arguments as the schema wants them: for tests that compare with another validator.
    pub(crate) fn coerced(&self, mut arguments: Value) -> Value {
        coerce::coerce(self.validator.schema(), &mut arguments);
        arguments
    }

    /// What the schema lets through and a user's own `Deserialize` does not: asked slot by slot, so that
    /// every problem is named.
    pub(crate) fn report(&self, name: &str, arguments: &[u8], summary: &str) -> Error {
        let value: Value = serde_json::from_slice(arguments).unwrap_or_default();
        let mut problems: Vec<Problem> = Vec::new();
        for param in self.params {
            match value.get(param.name) {
                Some(sent) => {
                    if let Err(text) = (param.decode)(sent) {
                        problems.push(Problem::at(format!("$.{}", param.name), text));
                    }
                }
                None if param.is_required() => {
                    problems.push(Problem::at(
                        format!("$.{}", param.name),
                        "is required".into(),
                    ));
                }
                None => {}
            }
        }
        if problems.is_empty() {
            problems.push(Problem::root(summary.to_owned()));
        }
        refusal(name, &problems)
    }
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input")
            .field("schema", self.schema())
            .finish_non_exhaustive()
    }
}

/// One text that lets the model repair the call at once.
fn refusal(name: &str, problems: &[Problem]) -> Error {
    use std::fmt::Write as _;
    let shown = problems.len().min(MAX_PROBLEMS);
    let mut text = match problems.len() {
        1 => format!("The arguments of `{name}` have a problem:"),
        n if n > shown => format!("The arguments of `{name}` have more than {shown} problems:"),
        n => format!("The arguments of `{name}` have {n} problems:"),
    };
    for problem in problems.iter().take(shown) {
        let _ = write!(text, "\n- {}: {}", problem.path, problem.text);
    }
    Error::tool(text)
}

/// The word for a value's type.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn parse_verbatim(text: &str) -> Result<Value, SchemaError> {
    let schema: Value = serde_json::from_str(text)
        .map_err(|e| SchemaError(format!("its `schema` is no JSON: {e}")))?;
    if schema.get("type") != Some(&json!("object")) {
        return Err(SchemaError(
            "its `schema` must be of type object at the root".into(),
        ));
    }
    Ok(schema)
}

/// A default must pass what a sent value must pass, or a client that sends it is refused.
fn defaults_fit(
    params: &[&Param],
    published: &Value,
    validator: &Validator,
) -> Result<(), SchemaError> {
    for param in params {
        let property = &published["properties"][param.name];
        let Some(default) = property.get("default").filter(|d| !d.is_null()) else {
            continue;
        };
        if matches!(param.default, ParamDefault::None) {
            continue;
        }
        if let Some(problem) = validator.check_part(property, default).first() {
            return Err(SchemaError(format!(
                "the default of `{}` does not fit its own schema: {}: {}",
                param.name, problem.path, problem.text
            )));
        }
    }
    Ok(())
}

/// The schema of the parameters, and whether any of them has constraints of its own inside.
fn derive(params: &[&'static Param], extras: Extras) -> Result<(Value, bool), SchemaError> {
    let mut generator = super::generator(Contract::Deserialize);
    let mut properties = Map::new();
    let mut required = Vec::new();
    let mut nested = false;
    let mut kept = Vec::new();
    for param in params {
        let mut schema = (param.schema)(&mut generator).to_value();
        if schema == Value::Bool(true) {
            schema = json!({});
        }
        nested |= has_constraints(&schema);
        let asserts = |(keyword, _): &(&str, &str)| keywords::asserts(keyword);
        nested |= param.extend.iter().any(asserts);
        // On the way of one pass a `null` is a `None`; where there is a default, it must count as left out.
        let has_default = match param.default {
            ParamDefault::None => false,
            ParamDefault::Json(text) => text != "null",
            ParamDefault::With(_) => true,
        };
        nested |= has_default && (param.optional)();
        if (param.optional)() {
            portable::strip_null(&mut schema);
        }
        if param.is_required() {
            required.push(json!(param.name));
        }
        properties.insert(param.name.to_owned(), schema);
    }
    let mut root = Map::new();
    root.insert("type".into(), json!("object"));
    root.insert("properties".into(), Value::Object(properties));
    for definition in extras.definitions {
        // Only those that are shared stay; the rest is part of what uses it.
        kept.push(definition(&mut generator).to_value());
    }
    portable::add_definitions(&mut root, &mut generator);
    nested |= root
        .get("$defs")
        .and_then(Value::as_object)
        .is_some_and(|d| d.values().any(has_constraints));
    root.insert(UNUSED.into(), Value::Array(kept));
    let mut root = Value::Object(root);
    shared::collect(&mut root).map_err(SchemaError)?;
    if let Value::Object(map) = &mut root {
        map.remove(UNUSED);
    }
    // The names are all required for the normalisation, which must not look at them a second time.
    root["required"] = params.iter().map(|p| json!(p.name)).collect();
    portable::normalise(&mut root, Nulls::Strip);
    for param in params {
        describe(&mut root["properties"][param.name], param)?;
    }
    let Value::Object(map) = &mut root else {
        return Err(SchemaError("no object".into()));
    };
    map.remove("required");
    if !required.is_empty() {
        map.insert("required".into(), Value::Array(required));
    }
    if !extras.open {
        map.insert("additionalProperties".into(), json!(false));
    }
    for (keyword, value) in extras.extend {
        let value = serde_json::from_str(value)
            .map_err(|e| SchemaError(format!("the keyword `{keyword}` is no JSON: {e}")))?;
        nested |= keywords::asserts(keyword);
        map.insert((*keyword).to_owned(), value);
    }
    Ok((root, nested))
}

/// Adds to a parameter's schema what was written at the parameter.
fn describe(schema: &mut Value, param: &Param) -> Result<(), SchemaError> {
    let Value::Object(map) = schema else {
        return Ok(());
    };
    let parse = |text: &str, what: &str| {
        serde_json::from_str::<Value>(text)
            .map_err(|e| SchemaError(format!("the {what} of `{}` is no JSON: {e}", param.name)))
    };
    if let Some(description) = param.description {
        map.insert("description".into(), json!(description));
    }
    for (keyword, value) in param.keywords {
        let value = parse(value, keyword)?;
        keywords::add(map, keyword, value);
    }
    for (keyword, value) in param.extend {
        let value = parse(value, keyword)?;
        keywords::add(map, keyword, value);
    }
    match param.default {
        ParamDefault::None => {}
        ParamDefault::Json(text) => {
            map.insert("default".into(), parse(text, "default")?);
        }
        ParamDefault::With(make) => {
            map.insert("default".into(), make());
        }
    }
    Ok(())
}

/// Whether serde alone would let through what a schema, as schemars derived it, forbids. Types, integer bounds,
/// required fields and enums of strings are serde's own.
fn has_constraints(schema: &Value) -> bool {
    const BEYOND_SERDE: &[&str] = &[
        "maximum",
        "minLength",
        "maxLength",
        "pattern",
        "minItems",
        "maxItems",
        "uniqueItems",
        "multipleOf",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minProperties",
        "maxProperties",
        "propertyNames",
        "contains",
        "not",
        "if",
        "dependentRequired",
        "dependentSchemas",
        "patternProperties",
        "prefixItems",
    ];
    let Value::Object(map) = schema else {
        return false;
    };
    let is_unsigned = map
        .get("format")
        .and_then(Value::as_str)
        .is_some_and(|f| f.starts_with("uint"));
    // A shared type is a struct or an enum.
    if shared::is_shared(schema) {
        return true;
    }
    map.iter().any(|(key, value)| match key.as_str() {
        "properties" => true,
        "$defs" => match value {
            Value::Object(children) => children.values().any(has_constraints),
            _ => false,
        },
        keywords::KEYWORDS => match value {
            Value::Object(marked) => marked.keys().any(|k| keywords::asserts(k)),
            _ => false,
        },
        // serde reads a struct from an array too, and a unit variant from `{"Name": null}`.
        "enum" | "const" => true,
        // A closed object is serde's `deny_unknown_fields`; at the root it is ours.
        "items" | "additionalProperties" => has_constraints(value),
        "anyOf" | "oneOf" | "allOf" => match value {
            Value::Array(branches) => branches.iter().any(has_constraints),
            _ => false,
        },
        "minimum" => !(is_unsigned && value == &json!(0)),
        // Types of Rust, which serde enforces itself.
        "format" => !value.as_str().is_some_and(|f| {
            f.trim_start_matches('u').starts_with("int") || matches!(f, "float" | "double")
        }),
        _ => BEYOND_SERDE.contains(&key.as_str()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    static SIDES: Param = Param::of::<u32>("sides")
        .describe("How many sides.")
        .default_json("6")
        .keywords(&[("minimum", "2"), ("maximum", "1000000")]);
    static NAME: Param = Param::of::<String>("name");
    static NICK: Param = Param::of::<Option<String>>("nick");
    static ALL: &[&Param] = &[&SIDES, &NAME, &NICK];

    fn input() -> Input {
        Input::build(ALL, Extras::default()).expect("builds")
    }

    #[test]
    fn the_schema_is_what_the_signature_says() {
        assert_eq!(
            *input().schema(),
            json!({
                "type": "object",
                "properties": {
                    "sides": {"type": "integer", "minimum": 2, "maximum": 1_000_000, "default": 6,
                              "description": "How many sides."},
                    "name": {"type": "string"},
                    "nick": {"type": "string"}
                },
                "required": ["name"],
                "additionalProperties": false
            })
        );
        assert!(!input().has_nested_constraints());
    }

    #[test]
    fn every_problem_is_named_with_its_path() {
        let error = input()
            .repair("t", br#"{"sides":1,"nick":5,"colour":"red"}"#)
            .expect_err("refused");
        let text = error.to_string();
        for part in ["4 problems", "$.sides", "$.nick", "$.colour", "$.name"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn strings_are_coerced_by_the_schema_and_null_counts_as_absent() {
        let repaired = input()
            .repair("t", br#"{"sides":"12","name":"7","nick":null}"#)
            .expect("repaired");
        let value: Value = serde_json::from_slice(&repaired).expect("json");
        assert_eq!(value, json!({"sides": 12, "name": "7"}));
    }
}
