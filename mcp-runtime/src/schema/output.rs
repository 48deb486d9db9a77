//! The schema of a structured result, and whether a result keeps to it.

use schemars::generate::Contract;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

use super::input::SchemaError;
use super::portable::{self, Nulls};
use super::validate::Validator;
use super::{generator, shared};

/// Results that are shown in a log.
const SHOWN_PROBLEMS: usize = 5;

/// What a tool's structured result is like.
#[derive(Debug)]
pub(crate) struct Output {
    published: Map<String, Value>,
    validator: Validator,
}

impl Output {
    /// The schema that a return type has, if it has one.
    pub(crate) fn build(
        schema: fn(&mut SchemaGenerator) -> Option<Schema>,
    ) -> Result<Option<Self>, SchemaError> {
        let Some(mut published) = derive(schema)? else {
            return Ok(None);
        };
        let marked = Value::Object(published);
        published = match portable::published(&marked) {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        let validator =
            Validator::build(marked).map_err(|e| SchemaError(format!("its result: {e}")))?;
        Ok(Some(Self {
            published,
            validator,
        }))
    }

    /// The schema as published.
    pub(crate) fn schema(&self) -> &Map<String, Value> {
        &self.published
    }

    /// Whether a structured value is as published.
    ///
    /// # Errors
    /// What is wrong, with the paths.
    pub(crate) fn check(&self, json: &str) -> Result<(), String> {
        let value = serde_json::from_str(json).map_err(|e| e.to_string())?;
        let problems = self.validator.check(&value);
        if problems.is_empty() {
            return Ok(());
        }
        let shown = problems.iter().take(SHOWN_PROBLEMS);
        let texts: Vec<_> = shown.map(|p| format!("{}: {}", p.path, p.text)).collect();
        Err(texts.join("; "))
    }
}

/// The schema, made portable.
pub(super) fn derive(
    schema: fn(&mut SchemaGenerator) -> Option<Schema>,
) -> Result<Option<Map<String, Value>>, SchemaError> {
    let mut generator = generator(Contract::Serialize);
    let Some(root) = schema(&mut generator) else {
        return Ok(None);
    };
    let mut root = match root.to_value() {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    portable::add_definitions(&mut root, &mut generator);
    let mut root = Value::Object(root);
    shared::collect(&mut root).map_err(SchemaError)?;
    // What is written may be `null`: serde writes a `None` so.
    portable::normalise(&mut root, Nulls::Keep);
    match root {
        Value::Object(map) => Ok(Some(map)),
        _ => Ok(None),
    }
}
