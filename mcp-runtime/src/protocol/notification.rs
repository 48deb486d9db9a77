//! What a server sends unasked.

use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};
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

/// A notification that belongs to a running request.
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
        };
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("jsonrpc", "2.0")?;
        map.serialize_entry("method", method)?;
        map.serialize_entry("params", &params)?;
        map.end()
    }
}
