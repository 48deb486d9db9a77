//! The schemas of a form's fields.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Number;

/// The schema of a form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestedSchema {
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    pub r#type: ObjectType,
    pub properties: BTreeMap<String, FieldSchema>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<Vec<String>>,
}

/// `"object"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectType {
    Object,
}

/// A field of a form (`PrimitiveSchemaDefinition`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FieldSchema {
    TitledSingleSelect(TitledSingleSelectEnumSchema),
    UntitledSingleSelect(UntitledSingleSelectEnumSchema),
    TitledMultiSelect(TitledMultiSelectEnumSchema),
    UntitledMultiSelect(UntitledMultiSelectEnumSchema),
    Boolean(BooleanSchema),
    Number(NumberSchema),
    String(StringSchema),
}

/// The name of a field's type, which must be one of those that its schema allows.
macro_rules! type_name {
    ($($(#[$doc:meta])* $name:ident { $($word:ident),* })*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name { $($word),* }
    )* };
}

type_name! {
    /// `"string"`.
    StringType { String }
    /// `"boolean"`.
    BooleanType { Boolean }
    /// `"number"` or `"integer"`.
    NumberType { Number, Integer }
    /// `"array"`.
    ArrayType { Array }
}

wire! {
    /// Text.
    StringSchema {
        r#type: StringType;
        title: String,
        description: String,
        min_length: u64,
        max_length: u64,
        format: String,
        default: String
    }
    /// A number.
    NumberSchema {
        r#type: NumberType;
        title: String,
        description: String,
        minimum: Number,
        maximum: Number,
        default: Number
    }
    /// Yes or no.
    BooleanSchema { r#type: BooleanType; title: String, description: String, default: bool }
    /// One of several words.
    UntitledSingleSelectEnumSchema {
        r#type: StringType,
        r#enum: Vec<String>;
        title: String,
        description: String,
        enum_names: Vec<String>,
        default: String
    }
    /// One of several words that have names for people.
    TitledSingleSelectEnumSchema {
        r#type: StringType,
        one_of: Vec<Choice>;
        title: String,
        description: String,
        default: String
    }
    /// Some of several words.
    UntitledMultiSelectEnumSchema {
        r#type: ArrayType,
        items: UntitledItems;
        title: String,
        description: String,
        min_items: u64,
        max_items: u64,
        default: Vec<String>
    }
    /// Some of several words that have names for people.
    TitledMultiSelectEnumSchema {
        r#type: ArrayType,
        items: TitledItems;
        title: String,
        description: String,
        min_items: u64,
        max_items: u64,
        default: Vec<String>
    }
    /// The words.
    UntitledItems { r#type: StringType, r#enum: Vec<String>; }
    /// The words with their names.
    TitledItems { any_of: Vec<Choice>; }
    /// A word and its name for people.
    Choice { r#const: String, title: String; }
}
