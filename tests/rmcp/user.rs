//! The user behind the client: says yes to everything, and notes what is heard.

use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::{
    ClientConfig, CreateMessageRequestParams, CreateMessageResult, ElicitRequestParams,
    ElicitResult, ErrorData, ListRootsResult, LoggingMessageNotificationParam,
    ProgressNotificationParam, ResourceUpdatedNotificationParam,
};
use rmcp::service::{NotificationContext, RequestContext};
use rmcp::{ClientHandler, RoleClient};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

/// A user who says yes to everything.
pub(crate) struct Willing {
    pub(crate) hear: UnboundedSender<Value>,
    pub(crate) asked: Arc<Mutex<Vec<&'static str>>>,
}

impl Willing {
    fn is_asked(&self, what: &'static str) {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(what);
    }

    fn hears(&self, method: &str, params: &impl Serialize) {
        let mut message = serde_json::to_value(params).unwrap_or_default();
        if let Some(members) = message.as_object_mut() {
            members.insert("method".into(), method.into());
        }
        // The walk may have ended.
        let _ = self.hear.send(message);
    }
}

impl ClientHandler for Willing {
    fn get_info(&self) -> ClientConfig {
        let mut info = ClientConfig::default();
        let capabilities = json!({
            "sampling": {}, "roots": {}, "elicitation": {"form": {}, "url": {}},
            "extensions": {"io.modelcontextprotocol/tasks": {}, "io.modelcontextprotocol/skills": {}},
        });
        if let Ok(capabilities) = serde_json::from_value(capabilities) {
            info.capabilities = capabilities;
        }
        info
    }

    async fn create_message(
        &self,
        _: CreateMessageRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<CreateMessageResult, ErrorData> {
        self.is_asked("sampling");
        let content = json!({"type": "text", "text": "Paris"});
        answer(json!({"role": "assistant", "model": "none", "content": content}))
    }

    async fn list_roots(
        &self,
        _: RequestContext<RoleClient>,
    ) -> Result<ListRootsResult, ErrorData> {
        self.is_asked("roots");
        answer(json!({"roots": [{"uri": "file:///tmp", "name": "tmp"}]}))
    }

    async fn create_elicitation(
        &self,
        asked: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let asked = serde_json::to_value(asked).unwrap_or_default();
        if asked["mode"] == "url" {
            self.is_asked("url");
            return answer(json!({"action": "accept"}));
        }
        self.is_asked("form");
        let fields = asked["requestedSchema"]["properties"].as_object();
        let content: Value = fields
            .into_iter()
            .flatten()
            .map(|(name, field)| (name.clone(), fill(field)))
            .collect();
        answer(json!({"action": "accept", "content": content}))
    }

    async fn on_progress(
        &self,
        params: ProgressNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        self.hears("notifications/progress", &params);
    }

    async fn on_logging_message(
        &self,
        params: LoggingMessageNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        self.hears("notifications/message", &params);
    }

    async fn on_resource_updated(
        &self,
        params: ResourceUpdatedNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        self.hears("notifications/resources/updated", &params);
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.hears("notifications/tools/list_changed", &json!({}));
    }

    async fn on_prompt_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.hears("notifications/prompts/list_changed", &json!({}));
    }
}

/// What a willing user puts into a field.
fn fill(field: &Value) -> Value {
    if let Some(default) = field.get("default") {
        return default.clone();
    }
    if !field["enum"].is_null() {
        return field["enum"][0].clone();
    }
    if let Some(titled) = field.get("oneOf").or(field.get("anyOf")) {
        return titled[0]["const"].clone();
    }
    match field["type"].as_str() {
        Some("array") => json!([fill(&field["items"])]),
        Some("boolean") => json!(true),
        Some("string") => json!("Alice"),
        _ => json!(0),
    }
}

fn answer<A: DeserializeOwned>(answer: Value) -> Result<A, ErrorData> {
    serde_json::from_value(answer).map_err(|e| ErrorData::internal_error(e.to_string(), None))
}
