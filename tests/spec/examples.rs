//! The specification's example messages, each as the type that has its name.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use mcp_runtime::protocol::messages::*;
use mcp_runtime::protocol::{
    Audio, Content, EmbeddedResource, Image, ResourceContents, ResourceLink, RpcError, Text,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Decodes and encodes every example; returns how many came back the same, and what is wrong with the others.
pub(crate) fn round_trip(dir: &Path) -> Result<(u32, Vec<String>)> {
    let (mut good, mut problems) = (0, Vec::new());
    let types =
        std::fs::read_dir(dir).with_context(|| format!("no examples in {}", dir.display()))?;
    for name in types {
        let name = name?;
        for file in std::fs::read_dir(name.path())? {
            let file = file?.path();
            let shown = format!(
                "{}/{}",
                name.file_name().display(),
                file.file_name().unwrap_or_default().display()
            );
            let example: Value = serde_json::from_str(&std::fs::read_to_string(&file)?)?;
            match again(&name.file_name().to_string_lossy(), &example) {
                Ok(same) if same == example => good += 1,
                Ok(other) => problems.push(format!("{shown} comes back as {other}")),
                Err(error) => problems.push(format!("{shown}: {error:#}")),
            }
        }
    }
    ensure!(
        good > 0 || !problems.is_empty(),
        "no example in {}",
        dir.display()
    );
    Ok((good, problems))
}

fn again(name: &str, example: &Value) -> Result<Value> {
    match name {
        "AudioContent" => block::<Audio>(example),
        "ImageContent" => block::<Image>(example),
        "TextContent" => block::<Text>(example),
        "EmbeddedResource" => block::<EmbeddedResource>(example),
        "ResourceLink" => block::<ResourceLink>(example),
        "ToolUseContent" | "ToolResultContent" => whole::<SamplingContent>(example),
        "TextResourceContents" | "BlobResourceContents" => whole::<ResourceContents>(example),
        "Resource" => whole::<Resource>(example),
        "Tool" => whole::<Tool>(example),
        "Root" => whole::<Root>(example),

        "BooleanSchema" => field::<BooleanSchema>(example),
        "NumberSchema" => field::<NumberSchema>(example),
        "StringSchema" => field::<StringSchema>(example),
        "TitledSingleSelectEnumSchema" => field::<TitledSingleSelectEnumSchema>(example),
        "UntitledSingleSelectEnumSchema" => field::<UntitledSingleSelectEnumSchema>(example),
        "TitledMultiSelectEnumSchema" => field::<TitledMultiSelectEnumSchema>(example),
        "UntitledMultiSelectEnumSchema" => field::<UntitledMultiSelectEnumSchema>(example),

        "ClientCapabilities" => whole::<ClientCapabilities>(example),
        "ServerCapabilities" => whole::<ServerCapabilities>(example),

        "DiscoverRequest" => request::<RequestParams>("server/discover", example),
        "ListToolsRequest" => request::<PaginatedRequestParams>("tools/list", example),
        "ListPromptsRequest" => request::<PaginatedRequestParams>("prompts/list", example),
        "ListResourcesRequest" => request::<PaginatedRequestParams>("resources/list", example),
        "ListResourceTemplatesRequest" => {
            request::<PaginatedRequestParams>("resources/templates/list", example)
        }
        "PaginatedRequestParams" => whole::<PaginatedRequestParams>(example),
        "CallToolRequest" => request::<CallToolRequestParams>("tools/call", example),
        "CallToolRequestParams" => whole::<CallToolRequestParams>(example),
        "GetPromptRequest" => request::<GetPromptRequestParams>("prompts/get", example),
        "GetPromptRequestParams" => whole::<GetPromptRequestParams>(example),
        "ReadResourceRequest" => request::<ReadResourceRequestParams>("resources/read", example),
        "CompleteRequest" => request::<CompleteRequestParams>("completion/complete", example),
        "CompleteRequestParams" => whole::<CompleteRequestParams>(example),
        "SubscriptionsListenRequest" => {
            request::<SubscriptionsListenRequestParams>("subscriptions/listen", example)
        }

        "DiscoverResult" => whole::<DiscoverResult>(example),
        "DiscoverResultResponse" => whole::<Response<DiscoverResult>>(example),
        "ListToolsResult" => whole::<ListToolsResult>(example),
        "ListToolsResultResponse" => whole::<Response<ListToolsResult>>(example),
        "ListPromptsResult" => whole::<ListPromptsResult>(example),
        "ListPromptsResultResponse" => whole::<Response<ListPromptsResult>>(example),
        "ListResourcesResult" => whole::<ListResourcesResult>(example),
        "ListResourcesResultResponse" => whole::<Response<ListResourcesResult>>(example),
        "ListResourceTemplatesResult" => whole::<ListResourceTemplatesResult>(example),
        "ListResourceTemplatesResultResponse" => {
            whole::<Response<ListResourceTemplatesResult>>(example)
        }
        "CallToolResult" => whole::<CallToolResult>(example),
        "CallToolResultResponse" => whole::<Response<CallToolResult>>(example),
        "GetPromptResult" => whole::<GetPromptResult>(example),
        "GetPromptResultResponse" => whole::<Response<GetPromptResult>>(example),
        "ReadResourceResult" => whole::<ReadResourceResult>(example),
        "ReadResourceResultResponse" => whole::<Response<ReadResourceResult>>(example),
        "CompleteResult" => whole::<CompleteResult>(example),
        "CompleteResultResponse" => whole::<Response<CompleteResult>>(example),
        "SubscriptionsListenResult" => whole::<SubscriptionsListenResult>(example),
        "SubscriptionsListenResultResponse" => {
            whole::<Response<SubscriptionsListenResult>>(example)
        }

        "InputRequiredResult" => whole::<InputRequiredResult>(example),
        "InputRequests" => whole::<InputRequests>(example),
        "InputResponses" => whole::<InputResponses>(example),
        "ElicitRequest" | "CreateMessageRequest" | "ListRootsRequest" => {
            whole::<InputRequest>(example)
        }
        "ElicitRequestFormParams" => whole::<ElicitRequestFormParams>(example),
        "ElicitRequestURLParams" => whole::<ElicitRequestUrlParams>(example),
        "ElicitResult" => whole::<ElicitResult>(example),
        "CreateMessageRequestParams" => whole::<CreateMessageRequestParams>(example),
        "CreateMessageResult" => whole::<CreateMessageResult>(example),
        "ModelPreferences" => whole::<ModelPreferences>(example),
        "SamplingMessage" => whole::<SamplingMessage>(example),
        "ListRootsResult" => whole::<ListRootsResult>(example),

        "CancelledNotification" => {
            notice::<CancelledNotificationParams>("notifications/cancelled", example)
        }
        "CancelledNotificationParams" => whole::<CancelledNotificationParams>(example),
        "ProgressNotification" => {
            notice::<ProgressNotificationParams>("notifications/progress", example)
        }
        "ProgressNotificationParams" => whole::<ProgressNotificationParams>(example),
        "LoggingMessageNotification" => {
            notice::<LoggingMessageNotificationParams>("notifications/message", example)
        }
        "LoggingMessageNotificationParams" => whole::<LoggingMessageNotificationParams>(example),
        "ResourceUpdatedNotification" => {
            notice::<ResourceUpdatedNotificationParams>("notifications/resources/updated", example)
        }
        "ResourceUpdatedNotificationParams" => whole::<ResourceUpdatedNotificationParams>(example),
        "ToolListChangedNotification" => list_changed("tools", example),
        "PromptListChangedNotification" => list_changed("prompts", example),
        "ResourceListChangedNotification" => list_changed("resources", example),
        "SubscriptionsAcknowledgedNotification" => {
            notice::<SubscriptionsAcknowledgedNotificationParams>(
                "notifications/subscriptions/acknowledged",
                example,
            )
        }

        "HeaderMismatchError"
        | "MissingRequiredClientCapabilityError"
        | "UnsupportedProtocolVersionError" => whole::<ErrorResponse>(example),
        "InternalError"
        | "InvalidParamsError"
        | "MethodNotFoundError"
        | "InvalidRequestError"
        | "ParseError" => whole::<RpcError>(example),
        other => anyhow::bail!("there is no type `{other}`"),
    }
}

fn whole<T: DeserializeOwned + Serialize>(example: &Value) -> Result<Value> {
    // By way of text, as on the wire.
    let message: T = serde_json::from_str(&example.to_string())?;
    Ok(serde_json::from_str(&serde_json::to_string(&message)?)?)
}

/// A block of content, by its own type and as one of the kinds there are.
fn block<T: DeserializeOwned>(example: &Value) -> Result<Value> {
    let _: T = serde_json::from_value(example.clone())?;
    whole::<Content>(example)
}

/// A field's schema, alone and as one of the kinds there are.
fn field<T: DeserializeOwned + Serialize>(example: &Value) -> Result<Value> {
    let union = whole::<FieldSchema>(example)?;
    ensure!(
        union == whole::<T>(example)?,
        "it is another kind of field: {union}"
    );
    Ok(union)
}

fn request<P: DeserializeOwned + Serialize>(method: &str, example: &Value) -> Result<Value> {
    ensure!(example["method"] == method, "its method is not {method}");
    whole::<Request<P>>(example)
}

fn notice<P: DeserializeOwned + Serialize>(method: &str, example: &Value) -> Result<Value> {
    ensure!(example["method"] == method, "its method is not {method}");
    whole::<Notification<P>>(example)
}

fn list_changed(what: &str, example: &Value) -> Result<Value> {
    let method = format!("notifications/{what}/list_changed");
    notice::<ListChangedNotificationParams>(&method, example)
}
