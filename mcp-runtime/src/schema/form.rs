//! A form for the user (elicitation): a flat object of primitives, and what reads it back.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::portable::Nulls;
use super::validate::Validator;
use super::{coerce, portable, shared};
use crate::result::Error;
use schemars::generate::Contract;

/// A form's schema, ready to enforce.
pub(crate) struct Form {
    validator: Validator,
    published: Value,
}

impl Form {
    /// The form of a type, or the one that was written down.
    pub(crate) fn build<T: JsonSchema>(verbatim: Option<Value>) -> Result<Self, Error> {
        let schema = match verbatim {
            Some(schema) => schema,
            None => derive::<T>(),
        };
        let object = schema.get("properties").is_some_and(Value::is_object);
        if schema.get("type") != Some(&json!("object")) || !object {
            return Err(Error::internal("a form is an object with properties"));
        }
        let published = portable::published(&schema);
        let validator = Validator::build(schema).map_err(Error::internal)?;
        Ok(Self {
            validator,
            published,
        })
    }

    pub(crate) fn schema(&self) -> &Value {
        &self.published
    }

    /// A field that takes several values; forms have them since 2025-11-25.
    pub(crate) fn list_field(&self) -> Option<&str> {
        let mut fields = self.published["properties"].as_object()?.iter();
        let (name, _) = fields.find(|(_, field)| field["type"] == "array")?;
        Some(name)
    }

    /// Reads an answer. What the user left out and has a default is filled in.
    pub(crate) fn read<T: DeserializeOwned>(&self, content: &Value) -> Result<T, String> {
        let Value::Object(content) = content else {
            return Err("`content` must be an object".into());
        };
        let mut content = content.clone();
        for (name, property) in self.schema()["properties"]
            .as_object()
            .into_iter()
            .flatten()
        {
            if let (None, Some(default)) = (content.get(name), property.get("default")) {
                content.insert(name.clone(), default.clone());
            }
        }
        let mut content = Value::Object(content);
        coerce::coerce(self.validator.schema(), &mut content);
        let problems = self.validator.check(&content);
        if let Some(problem) = problems.first() {
            return Err(format!("{}: {}", problem.path, problem.text));
        }
        serde_json::from_value(content).map_err(|e| e.to_string())
    }
}

fn derive<T: JsonSchema>() -> Value {
    let mut generator = super::generator(Contract::Deserialize);
    let mut schema = generator.subschema_for::<T>().to_value();
    // What is not a flat object is refused by the caller, references too.
    let _ = shared::collect(&mut schema);
    portable::normalise(&mut schema, Nulls::Strip);
    if let Value::Object(map) = &mut schema {
        map.entry("type").or_insert_with(|| json!("object"));
        map.entry("properties")
            .or_insert_with(|| Value::Object(Map::new()));
        map.remove("description");
        map.remove("additionalProperties");
    }
    schema
}
