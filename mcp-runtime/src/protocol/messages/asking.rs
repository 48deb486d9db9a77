//! What a server asks of a client, and the answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Object, OneOrMany, RequestedSchema, Tool};
use crate::protocol::{Audio, Content, Image, Role, Text};

/// Questions, each under its key.
pub type InputRequests = BTreeMap<String, InputRequest>;
/// Answers, each under its question's key.
pub type InputResponses = BTreeMap<String, InputResponse>;

/// A question to the client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method")]
pub enum InputRequest {
    #[serde(rename = "elicitation/create")]
    Elicit { params: ElicitRequestParams },
    #[serde(rename = "sampling/createMessage")]
    CreateMessage {
        params: Box<CreateMessageRequestParams>,
    },
    #[serde(rename = "roots/list")]
    ListRoots {
        /// In the examples, a question for roots has an id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<super::RequestId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        params: Option<Object>,
    },
}

/// An answer of the client's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum InputResponse {
    Elicit(ElicitResult),
    CreateMessage(CreateMessageResult),
    ListRoots(ListRootsResult),
}

/// Parameters of `elicitation/create`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ElicitRequestParams {
    Url(ElicitRequestUrlParams),
    Form(ElicitRequestFormParams),
}

wire! {
    /// A form for the user.
    ElicitRequestFormParams {
        message: String,
        requested_schema: RequestedSchema;
        mode: String,
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// A page for the user.
    ElicitRequestUrlParams {
        mode: UrlMode,
        url: String,
        message: String;
        elicitation_id: String,
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// What the user did with the question.
    ElicitResult {
        action: ElicitAction;
        content: Object,
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// Parameters of `sampling/createMessage`.
    CreateMessageRequestParams {
        messages: Vec<SamplingMessage>,
        max_tokens: u64;
        model_preferences: ModelPreferences,
        system_prompt: String,
        include_context: String,
        temperature: f64,
        stop_sequences: Vec<String>,
        metadata: Object,
        tools: Vec<Tool>,
        tool_choice: ToolChoice,
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// Which model a server would like.
    ModelPreferences {
        ;
        hints: Vec<ModelHint>,
        cost_priority: f64,
        speed_priority: f64,
        intelligence_priority: f64
    }
    /// A part of a model's name.
    ModelHint { ; name: String }
    /// Whether the model must use tools.
    ToolChoice { ; mode: String }
    /// A message of a conversation with a model.
    SamplingMessage {
        role: Role,
        content: OneOrMany<SamplingContent>;
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// What the model said.
    CreateMessageResult {
        role: Role,
        content: OneOrMany<SamplingContent>,
        model: String;
        stop_reason: String,
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// A model's call of a tool.
    ToolUseContent {
        id: String,
        name: String,
        input: Object;
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// What the tool gave back.
    ToolResultContent {
        tool_use_id: String,
        content: Vec<Content>;
        structured_content: Value,
        is_error: bool,
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// The directories that the client works in.
    ListRootsResult {
        roots: Vec<Root>;
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// One of them.
    Root {
        uri: String;
        name: String,
        #[serde(rename = "_meta")]
        meta: Object
    }
}

/// `"url"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UrlMode {
    Url,
}

/// What the user did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ElicitAction {
    Accept,
    Decline,
    Cancel,
}

/// A block of a conversation with a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SamplingContent {
    Text(Text),
    Image(Image),
    Audio(Audio),
    ToolUse(ToolUseContent),
    ToolResult(ToolResultContent),
}
