//! Schemas: built once at start-up, portable across clients, and enforced before a function runs.

mod canonical;
mod coerce;
mod form;
mod format;
mod input;
mod integer;
mod keywords;
mod number;
mod object;
mod output;
mod portable;
mod prepare;
mod shared;
mod validate;
mod words;

#[cfg(feature = "contract")]
pub(crate) use canonical::canonical;
pub(crate) use canonical::identity;
pub(crate) use form::Form;
#[cfg(feature = "contract")]
pub(crate) use format::is_enforced;
pub(crate) use format::is_valid;
pub(crate) use input::{Extras, Input};
pub use integer::Integer;
pub use keywords::keywords;
#[cfg(feature = "contract")]
pub(crate) use number::{compare as compare_numbers, is_multiple};
pub use object::Object;
pub(crate) use output::Output;
pub use shared::{one_of, share};

use schemars::generate::{Contract, SchemaSettings};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A generator that inlines what it can, so that clients without `$ref` understand the schema.
fn generator(contract: Contract) -> SchemaGenerator {
    let mut settings = SchemaSettings::draft2020_12();
    settings.contract = contract;
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    settings.into_generator()
}

/// A value that may be `null` on the wire and says so in the schema, where `Option` means "may be left out".
///
/// ```
/// use mcp_runtime::Nullable;
/// let nothing: Nullable<u32> = Nullable(None);
/// assert_eq!(serde_json::to_string(&nothing).unwrap(), "null");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Nullable<T>(pub Option<T>);

impl<T: Serialize> Serialize for Nullable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // By way of a JSON value: serde lets an `Option` be missing, and this must not be.
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::Null => Ok(Self(None)),
            value => T::deserialize(value)
                .map(|v| Self(Some(v)))
                .map_err(serde::de::Error::custom),
        }
    }
}

impl<T: JsonSchema> JsonSchema for Nullable<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Nullable_{}", T::schema_name()).into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = generator.subschema_for::<Option<T>>();
        // Read and removed by the normalisation, which strips `null` from everything else that may be left out.
        schema.insert(portable::KEEP_NULL.into(), true.into());
        schema
    }
}
