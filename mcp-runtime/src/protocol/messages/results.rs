//! What servers answer.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    InputRequests, Object, Prompt, PromptMessage, Resource, ResourceTemplate, ServerCapabilities,
    Tool,
};
use crate::protocol::{Content, ResourceContents};

/// How a request went on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResultType {
    /// It is done.
    #[default]
    Complete,
    /// It goes on once its questions are answered.
    InputRequired,
    /// It goes on as a task (SEP-2663).
    Task,
    /// Another extension's.
    #[serde(untagged)]
    Other(String),
}

/// Who may share a cached result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheScope {
    Public,
    Private,
}

wire! {
    /// The result of `server/discover`.
    DiscoverResult {
        result_type: ResultType,
        supported_versions: Vec<String>,
        capabilities: ServerCapabilities,
        ttl_ms: u64,
        cache_scope: CacheScope;
        instructions: String,
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// The result of `tools/list`.
    ListToolsResult {
        result_type: ResultType,
        tools: Vec<Tool>,
        ttl_ms: u64,
        cache_scope: CacheScope;
        next_cursor: String,
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// The result of `tools/call`.
    CallToolResult {
        result_type: ResultType,
        content: Vec<Content>;
        structured_content: Value,
        is_error: bool,
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// The result of `prompts/list`.
    ListPromptsResult {
        result_type: ResultType,
        prompts: Vec<Prompt>,
        ttl_ms: u64,
        cache_scope: CacheScope;
        next_cursor: String,
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// The result of `prompts/get`.
    GetPromptResult {
        result_type: ResultType,
        messages: Vec<PromptMessage>;
        description: String,
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// The result of `resources/list`.
    ListResourcesResult {
        result_type: ResultType,
        resources: Vec<Resource>,
        ttl_ms: u64,
        cache_scope: CacheScope;
        next_cursor: String,
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// The result of `resources/templates/list`.
    ListResourceTemplatesResult {
        result_type: ResultType,
        resource_templates: Vec<ResourceTemplate>,
        ttl_ms: u64,
        cache_scope: CacheScope;
        next_cursor: String,
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// The result of `resources/read`.
    ReadResourceResult {
        result_type: ResultType,
        contents: Vec<ResourceContents>;
        ttl_ms: u64,
        cache_scope: CacheScope,
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// The result of `completion/complete`.
    CompleteResult {
        result_type: ResultType,
        completion: Completion;
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// Proposals for an argument.
    Completion { values: Vec<String>; total: u64, has_more: bool }
    /// The end of `subscriptions/listen`.
    SubscriptionsListenResult {
        result_type: ResultType;
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// The round ends with questions.
    InputRequiredResult {
        result_type: ResultType;
        input_requests: InputRequests,
        request_state: String,
        #[serde(rename = "_meta")]
        meta: Object
    }
}
