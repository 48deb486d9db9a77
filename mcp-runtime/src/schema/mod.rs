//! Schemas: built once at start-up, portable across clients, and enforced before a function runs.

mod coerce;
mod form;
mod format;
mod input;
mod number;
mod portable;
mod prepare;
mod validate;

pub(crate) use form::Form;
pub(crate) use format::is_valid;
pub(crate) use input::Input;
pub(crate) use portable::output_schema;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A generator that inlines what it can, so that clients without `$ref` understand the schema.
fn generator() -> SchemaGenerator {
    let mut settings = SchemaSettings::draft2020_12();
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

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // By way of a JSON value's `null`, so that a *missing* field stays an error, as `Option`'s would not.
        struct NullableVisitor<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for NullableVisitor<T> {
            type Value = Nullable<T>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value or null")
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Nullable(None))
            }
            fn visit_none<E>(self) -> Result<Self::Value, E> {
                Ok(Nullable(None))
            }
            fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
                T::deserialize(d).map(|v| Nullable(Some(v)))
            }
        }
        deserializer.deserialize_option(NullableVisitor(std::marker::PhantomData))
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
