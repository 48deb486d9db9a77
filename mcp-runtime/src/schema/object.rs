//! An object with any entries.

use std::ops::{Deref, DerefMut};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An object with any entries, whose schema says no more than that: `{"type": "object"}`.
///
/// A plain `serde_json::Map` says `"additionalProperties": true` too, without which strict clients send it empty.
/// Prefer that one, unless a contract is given as it is.
///
/// ```
/// use mcp_runtime::Object;
/// let object: Object = serde_json::from_str(r#"{"a": 1}"#).unwrap();
/// assert_eq!(object["a"], 1);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Object(pub Map<String, Value>);

impl Deref for Object {
    type Target = Map<String, Value>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Object {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl JsonSchema for Object {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Object".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}
