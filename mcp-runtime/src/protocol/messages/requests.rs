//! What clients send, and all notifications.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::{ClientCapabilities, InputResponses, Object, RequestId};
use crate::protocol::{Implementation, LogLevel};

/// `_meta` of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestMeta {
    #[serde(rename = "io.modelcontextprotocol/protocolVersion")]
    pub protocol_version: String,
    #[serde(rename = "io.modelcontextprotocol/clientCapabilities")]
    pub client_capabilities: ClientCapabilities,
    #[serde(
        rename = "io.modelcontextprotocol/clientInfo",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub client_info: Option<Implementation>,
    #[serde(
        rename = "io.modelcontextprotocol/logLevel",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub log_level: Option<LogLevel>,
    #[serde(
        rename = "progressToken",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub progress_token: Option<RequestId>,
    /// Keys of the client's own.
    #[serde(flatten)]
    pub others: Object,
}

wire! {
    /// Parameters of `server/discover`.
    RequestParams {
        #[serde(rename = "_meta")]
        meta: RequestMeta;
    }
    /// Parameters of the lists.
    PaginatedRequestParams {
        #[serde(rename = "_meta")]
        meta: RequestMeta;
        cursor: String
    }
    /// Parameters of `tools/call`.
    CallToolRequestParams {
        #[serde(rename = "_meta")]
        meta: RequestMeta,
        name: String;
        arguments: Object,
        input_responses: InputResponses,
        request_state: String
    }
    /// Parameters of `prompts/get`.
    GetPromptRequestParams {
        #[serde(rename = "_meta")]
        meta: RequestMeta,
        name: String;
        arguments: BTreeMap<String, String>,
        input_responses: InputResponses,
        request_state: String
    }
    /// Parameters of `resources/read`.
    ReadResourceRequestParams {
        #[serde(rename = "_meta")]
        meta: RequestMeta,
        uri: String;
        input_responses: InputResponses,
        request_state: String
    }
    /// Parameters of `completion/complete`.
    CompleteRequestParams {
        #[serde(rename = "_meta")]
        meta: RequestMeta,
        r#ref: Reference,
        argument: CompletionArgument;
        context: CompletionContext
    }
    /// The argument that is being typed.
    CompletionArgument { name: String, value: String; }
    /// The arguments that are there already.
    CompletionContext { ; arguments: BTreeMap<String, String> }
    /// Parameters of `subscriptions/listen`.
    SubscriptionsListenRequestParams {
        #[serde(rename = "_meta")]
        meta: RequestMeta,
        notifications: SubscriptionFilter;
    }
    /// Which notifications a stream carries.
    SubscriptionFilter {
        ;
        tools_list_changed: bool,
        prompts_list_changed: bool,
        resources_list_changed: bool,
        resource_subscriptions: Vec<String>
    }
    /// Parameters of `notifications/cancelled`.
    CancelledNotificationParams {
        ;
        #[serde(rename = "_meta")]
        meta: Object,
        request_id: RequestId,
        reason: String
    }
    /// Parameters of `notifications/progress`.
    ProgressNotificationParams {
        progress_token: RequestId,
        progress: Number;
        #[serde(rename = "_meta")]
        meta: Object,
        total: Number,
        message: String
    }
    /// Parameters of `notifications/message`.
    LoggingMessageNotificationParams {
        level: LogLevel,
        data: Value;
        #[serde(rename = "_meta")]
        meta: Object,
        logger: String
    }
    /// Parameters of `notifications/resources/updated`.
    ResourceUpdatedNotificationParams {
        uri: String;
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// Parameters of the notifications that a list changed.
    ListChangedNotificationParams {
        ;
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// Parameters of `notifications/subscriptions/acknowledged`.
    SubscriptionsAcknowledgedNotificationParams {
        notifications: SubscriptionFilter;
        #[serde(rename = "_meta")]
        meta: Object
    }
}

/// What a completion is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Reference {
    #[serde(rename = "ref/prompt")]
    Prompt {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    },
    #[serde(rename = "ref/resource")]
    Resource { uri: String },
}
