//! What a server sends unasked.

use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The severity of a log message (RFC 5424).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "RFC 5424 defines them")]
pub enum LogLevel {
    Debug,
    Info,
    Notice,
    Warning,
    Error,
    Critical,
    Alert,
    Emergency,
}

/// A list that can change. That of templates changes with that of resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Listing {
    Tools,
    Prompts,
    Resources,
}

/// The key in `_meta` under which a notification names its subscription.
pub(crate) const SUBSCRIPTION_ID: &str = "io.modelcontextprotocol/subscriptionId";

/// A notification.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Notification<'a> {
    Progress {
        token: &'a Value,
        progress: f64,
        total: Option<f64>,
        message: Option<&'a str>,
    },
    Log {
        level: LogLevel,
        data: &'a Value,
    },
    ListChanged {
        list: Listing,
        subscription: Option<&'a RawValue>,
    },
    ResourceUpdated {
        uri: &'a str,
        subscription: Option<&'a RawValue>,
    },
    /// The first message of a subscription (2026-07-28).
    Acknowledged {
        honoured: &'a Value,
        subscription: &'a RawValue,
    },
}

/// `_meta`, where a notification comes by a subscription.
fn meta(subscription: Option<&RawValue>) -> Value {
    match subscription {
        Some(id) => json!({ "_meta": { SUBSCRIPTION_ID: id } }),
        None => json!({}),
    }
}

impl Serialize for Notification<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (method, params) = match *self {
            Self::Progress {
                token,
                progress,
                total,
                message,
            } => {
                let mut params = json!({ "progressToken": token, "progress": progress });
                if let Some(total) = total {
                    params["total"] = total.into();
                }
                if let Some(message) = message {
                    params["message"] = message.into();
                }
                ("notifications/progress", params)
            }
            Self::Log { level, data } => (
                "notifications/message",
                json!({ "level": level, "data": data }),
            ),
            Self::ListChanged { list, subscription } => (
                match list {
                    Listing::Tools => "notifications/tools/list_changed",
                    Listing::Prompts => "notifications/prompts/list_changed",
                    Listing::Resources => "notifications/resources/list_changed",
                },
                meta(subscription),
            ),
            Self::ResourceUpdated { uri, subscription } => {
                let mut params = meta(subscription);
                params["uri"] = uri.into();
                ("notifications/resources/updated", params)
            }
            Self::Acknowledged {
                honoured,
                subscription,
            } => {
                let mut params = meta(Some(subscription));
                params["notifications"] = honoured.clone();
                ("notifications/subscriptions/acknowledged", params)
            }
        };
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("jsonrpc", "2.0")?;
        map.serialize_entry("method", method)?;
        map.serialize_entry("params", &params)?;
        map.end()
    }
}
