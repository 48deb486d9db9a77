//! What a tool may return.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::error::{Error, ToolFailure};
use crate::protocol::{Audio, Content, EmbeddedResource, Image, ResourceLink};

/// The result of a tool, before it is written for a wire.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ToolResult {
    /// What the model reads.
    pub content: Vec<Content>,
    /// What programs and views read.
    pub structured: Option<Box<RawValue>>,
    /// Whether it is a failure that the model should read.
    pub is_error: bool,
    /// `_meta` under keys of one's own.
    pub meta: Option<Map<String, Value>>,
    /// Whether a filled copy of the tool's view goes along.
    pub embed: Embed,
}

impl ToolResult {
    /// A result of these blocks.
    pub fn content(content: impl IntoIterator<Item = Content>) -> Self {
        Self {
            content: content.into_iter().collect(),
            ..Self::default()
        }
    }

    /// A result with a structured value and the same value as text.
    ///
    /// # Errors
    /// The value cannot be written as JSON.
    pub fn json(value: &impl Serialize) -> Result<Self, Error> {
        let structured = serde_json::value::to_raw_value(value)?;
        let text = Content::text(structured.get());
        Ok(Self {
            content: vec![text],
            structured: Some(structured),
            ..Self::default()
        })
    }

    /// A failure that the model should read.
    pub fn error(text: impl Into<String>) -> Self {
        Self {
            content: vec![Content::text(text)],
            is_error: true,
            ..Self::default()
        }
    }

    /// The same result with `_meta` under a key of one's own.
    #[must_use]
    pub fn with_meta(mut self, key: impl Into<String>, value: Value) -> Self {
        self.meta.get_or_insert_default().insert(key.into(), value);
        self
    }
}

/// A type that a tool can return.
#[diagnostic::on_unimplemented(
    message = "a tool cannot return `{Self}`",
    label = "this return type",
    note = "return text, a number, `Json<T>`, `Content`, `Image`, `Audio`, a resource, `UiResult<T>`, a list of these, or a `Result` of one",
    note = "for a type of your own: derive it with #[mcp_type] and return `Json<{Self}>`"
)]
pub trait IntoToolResult {
    /// The schema of its structured value, if it has one.
    fn output_schema(_: &mut SchemaGenerator) -> Option<Schema> {
        None
    }

    /// The value as a result.
    ///
    /// # Errors
    /// The failure, in its lane.
    fn into_tool_result(self) -> Result<ToolResult, Error>;
}

/// A return type with a structured value that a view can show.
#[diagnostic::on_unimplemented(
    message = "a tool with `ui` cannot return `{Self}`",
    label = "it gives the view no structured value to show",
    note = "return `UiResult<T>` or `Json<T>`; or a `ToolResult`, written by hand"
)]
pub trait UiToolResult: IntoToolResult {}

impl IntoToolResult for ToolResult {
    fn into_tool_result(self) -> Result<ToolResult, Error> {
        Ok(self)
    }
}

/// Text, from everything that shows itself as one.
macro_rules! as_text {
    ($($ty:ty)*) => {$(
        impl IntoToolResult for $ty {
            fn into_tool_result(self) -> Result<ToolResult, Error> {
                Ok(ToolResult::content([Content::text(self.to_string())]))
            }
        }
    )*};
}
as_text!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool char);

impl IntoToolResult for String {
    fn into_tool_result(self) -> Result<ToolResult, Error> {
        Ok(ToolResult::content([Content::text(self)]))
    }
}
impl IntoToolResult for &'static str {
    fn into_tool_result(self) -> Result<ToolResult, Error> {
        Ok(ToolResult::content([Content::text(self)]))
    }
}
impl IntoToolResult for Cow<'static, str> {
    fn into_tool_result(self) -> Result<ToolResult, Error> {
        Ok(ToolResult::content([Content::text(self)]))
    }
}
impl IntoToolResult for () {
    fn into_tool_result(self) -> Result<ToolResult, Error> {
        Ok(ToolResult::default())
    }
}

macro_rules! as_block {
    ($($ty:ty)*) => {$(
        impl IntoToolResult for $ty {
            fn into_tool_result(self) -> Result<ToolResult, Error> {
                Ok(ToolResult::content([Content::from(self)]))
            }
        }
    )*};
}
as_block!(Content Image Audio ResourceLink EmbeddedResource);

/// What a list that a tool returns may hold: all that can be one block of content.
#[diagnostic::on_unimplemented(
    message = "a tool cannot return a list of `{Self}`",
    label = "this return type",
    note = "for a list of values: derive `{Self}` with #[mcp_type] and return `Json<Vec<{Self}>>`",
    note = "for a list of blocks: text, `Content`, `Image`, `Audio` or resources"
)]
pub trait IntoContent {
    /// The block.
    fn into_content(self) -> Content;
}

#[diagnostic::do_not_recommend]
impl<T: Into<Content>> IntoContent for T {
    fn into_content(self) -> Content {
        self.into()
    }
}

impl<T: IntoContent> IntoToolResult for Vec<T> {
    fn into_tool_result(self) -> Result<ToolResult, Error> {
        let blocks = self.into_iter().map(IntoContent::into_content);
        Ok(ToolResult::content(blocks))
    }
}
impl<T: IntoContent, const N: usize> IntoToolResult for [T; N] {
    fn into_tool_result(self) -> Result<ToolResult, Error> {
        let blocks = self.into_iter().map(IntoContent::into_content);
        Ok(ToolResult::content(blocks))
    }
}

/// A structured value: `structuredContent` with an output schema, and the same JSON as text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: Serialize + JsonSchema> IntoToolResult for Json<T> {
    fn output_schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<T>())
    }
    fn into_tool_result(self) -> Result<ToolResult, Error> {
        ToolResult::json(&self.0)
    }
}
impl<T: Serialize + JsonSchema> UiToolResult for Json<T> {}

/// Whether the result carries a filled copy of its view for clients that do not render views themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Embed {
    /// Never; the default.
    #[default]
    Never,
    /// For clients that do not advertise MCP Apps.
    Fallback,
    /// Always.
    Always,
}

/// A value for a view: `structuredContent` for the view, text for the model.
///
/// ```
/// use mcp_runtime::prelude::*;
/// #[mcp_type]
/// struct Greeting { username: String }
/// let result = UiResult::new(Greeting { username: "alice".into() }).text("Showed a card to alice.");
/// ```
#[derive(Debug, Clone)]
pub struct UiResult<T> {
    value: T,
    text: Option<String>,
    embed: Embed,
    meta: Option<Map<String, Value>>,
}

impl<T> UiResult<T> {
    /// A result that the tool's view shows.
    pub fn new(value: T) -> Self {
        Self {
            value,
            text: None,
            embed: Embed::default(),
            meta: None,
        }
    }

    /// With this text for the model, in place of the value as JSON.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Whether a filled copy of the view goes along.
    #[must_use]
    pub fn embed(mut self, embed: Embed) -> Self {
        self.embed = embed;
        self
    }

    /// With extras for the view that the model does not see.
    #[must_use]
    pub fn meta(mut self, key: impl Into<String>, value: Value) -> Self {
        self.meta.get_or_insert_default().insert(key.into(), value);
        self
    }

    /// The value itself, for tests.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The text for the model, for tests.
    pub fn model_text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

impl<T: Serialize + JsonSchema> IntoToolResult for UiResult<T> {
    fn output_schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<T>())
    }
    fn into_tool_result(self) -> Result<ToolResult, Error> {
        let mut result = ToolResult::json(&self.value)?;
        if let Some(text) = self.text {
            result.content = vec![Content::text(text)];
        }
        result.meta = self.meta;
        result.embed = self.embed;
        Ok(result)
    }
}
impl<T: Serialize + JsonSchema> UiToolResult for UiResult<T> {}

/// Whoever writes the whole result by hand gives the view what it needs.
impl UiToolResult for ToolResult {}

impl<T: IntoToolResult, E: ToolFailure> IntoToolResult for Result<T, E> {
    fn output_schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        T::output_schema(generator)
    }
    fn into_tool_result(self) -> Result<ToolResult, Error> {
        self.map_err(ToolFailure::into_error)?.into_tool_result()
    }
}
impl<T: UiToolResult, E: ToolFailure> UiToolResult for Result<T, E> {}
