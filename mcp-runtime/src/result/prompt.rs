//! What a prompt may return.

use serde::{Deserialize, Serialize};

use super::error::{Error, ToolFailure};
use crate::protocol::{Content, Role};

/// One message of a prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PromptMessage {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub content: Content,
}

impl PromptMessage {
    /// The user says this.
    pub fn user(content: impl Into<Content>) -> Self {
        Self {
            role: Role::User,
            content: content.into(),
        }
    }

    /// The assistant says this.
    pub fn assistant(content: impl Into<Content>) -> Self {
        Self {
            role: Role::Assistant,
            content: content.into(),
        }
    }
}

/// A rendered prompt.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct PromptResult {
    /// The messages in their order.
    pub messages: Vec<PromptMessage>,
}

/// A type that a prompt can return.
#[diagnostic::on_unimplemented(
    message = "a prompt cannot return `{Self}`",
    label = "this return type",
    note = "return text (one message of the user), a `PromptMessage`, a list of them, or a `Result` of one"
)]
pub trait IntoPrompt {
    /// The value as messages.
    ///
    /// # Errors
    /// The failure, in its lane.
    fn into_prompt(self) -> Result<PromptResult, Error>;
}

impl IntoPrompt for PromptResult {
    fn into_prompt(self) -> Result<PromptResult, Error> {
        Ok(self)
    }
}
impl IntoPrompt for Vec<PromptMessage> {
    fn into_prompt(self) -> Result<PromptResult, Error> {
        Ok(PromptResult { messages: self })
    }
}
impl<const N: usize> IntoPrompt for [PromptMessage; N] {
    fn into_prompt(self) -> Result<PromptResult, Error> {
        Vec::from(self).into_prompt()
    }
}
impl IntoPrompt for PromptMessage {
    fn into_prompt(self) -> Result<PromptResult, Error> {
        vec![self].into_prompt()
    }
}
impl IntoPrompt for String {
    fn into_prompt(self) -> Result<PromptResult, Error> {
        PromptMessage::user(Content::text(self)).into_prompt()
    }
}
impl IntoPrompt for &'static str {
    fn into_prompt(self) -> Result<PromptResult, Error> {
        self.to_owned().into_prompt()
    }
}
impl<T: IntoPrompt, E: ToolFailure> IntoPrompt for Result<T, E> {
    fn into_prompt(self) -> Result<PromptResult, Error> {
        self.map_err(ToolFailure::into_error)?.into_prompt()
    }
}
