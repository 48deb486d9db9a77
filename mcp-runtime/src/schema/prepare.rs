//! What a call must not find out: whether patterns compile, references resolve and keywords are known.

use std::collections::HashMap;

use regex::Regex;
use serde_json::Value;

use super::coerce::resolve;
use super::input::kind;
use super::keywords::ANNOTATIONS;

/// How deep a schema may be nested.
const MAX_DEPTH: usize = 200;

/// Keywords that the validator enforces.
const ASSERTIONS: &[&str] = &[
    "$ref",
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
];

/// Checks a schema with all that it contains, and compiles its patterns.
pub(super) fn prepare(
    root: &Value,
    schema: &Value,
    at: &str,
    patterns: &mut HashMap<String, Regex>,
    depth: usize,
) -> Result<(), String> {
    let map = match schema {
        Value::Bool(_) => return Ok(()),
        Value::Object(map) => map,
        other => {
            return Err(format!(
                "the schema at `#{at}` is {}, not an object",
                kind(other)
            ));
        }
    };
    if depth > MAX_DEPTH {
        return Err(format!(
            "the schema is nested deeper than {MAX_DEPTH} levels"
        ));
    }
    let compile = |patterns: &mut HashMap<String, Regex>, source: &str| match Regex::new(source) {
        Ok(regex) => {
            patterns.insert(source.to_owned(), regex);
            Ok(())
        }
        Err(error) => Err(format!(
            "the pattern `{source}` at `#{at}` cannot be enforced: {error}"
        )),
    };
    for (key, value) in map {
        let here = format!("{at}/{key}");
        match (key.as_str(), value) {
            ("pattern", Value::String(source)) => compile(patterns, source)?,
            ("patternProperties", Value::Object(children)) => {
                children
                    .keys()
                    .try_for_each(|source| compile(patterns, source))?;
            }
            ("$ref", Value::String(reference)) if resolve(root, reference).is_none() => {
                return Err(format!(
                    "the reference `{reference}` at `#{at}` leads nowhere"
                ));
            }
            (k, _)
                if ANNOTATIONS.contains(&k) || ASSERTIONS.contains(&k) || k.starts_with("x-") => {}
            (k, _) => {
                return Err(format!(
                    "the keyword `{k}` at `#{at}` is not one that this runtime can enforce"
                ));
            }
        }
        match key.as_str() {
            "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas" => {
                for (name, child) in value.as_object().into_iter().flatten() {
                    prepare(root, child, &format!("{here}/{name}"), patterns, depth + 1)?;
                }
            }
            "allOf" | "anyOf" | "oneOf" | "prefixItems" => {
                for (i, child) in value.as_array().into_iter().flatten().enumerate() {
                    prepare(root, child, &format!("{here}/{i}"), patterns, depth + 1)?;
                }
            }
            "items"
            | "additionalProperties"
            | "not"
            | "if"
            | "then"
            | "else"
            | "contains"
            | "propertyNames" => {
                prepare(root, value, &here, patterns, depth + 1)?;
            }
            _ => {}
        }
    }
    Ok(())
}
