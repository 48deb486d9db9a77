//! What the server says of itself: `server/discover`, and the answer to `initialize`.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::method::Offer;
use crate::protocol::{ProtocolVersion, SKILLS_EXTENSION, TASKS_EXTENSION, UI_EXTENSION};
use crate::registry::{Catalogue, TTL_MS};
use crate::settings::SettingsError;

/// Name, version, instructions, and the capabilities that follow from what is served.
#[derive(Debug, Clone)]
pub(crate) struct ServerInfo {
    pub name: String,
    pub version: String,
    pub title: Option<String>,
    pub instructions: Option<String>,
    pub extensions: Map<String, Value>,
    /// Whether anyone holds the handle by which lists and resources change.
    pub changes: bool,
    offer: Offer,
    capabilities: Map<String, Value>,
    discover: Bytes,
}

impl ServerInfo {
    pub(crate) fn new(name: String, version: String) -> Self {
        Self {
            name,
            version,
            title: None,
            instructions: None,
            extensions: Map::new(),
            changes: false,
            offer: Offer::default(),
            capabilities: Map::new(),
            discover: Bytes::new(),
        }
    }

    /// SEP-2133: a name with a prefix, and an object.
    ///
    /// # Errors
    /// The first extension that is neither.
    pub(crate) fn check_extensions(&self) -> Result<(), SettingsError> {
        let word = |text: &str| {
            let inner = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
            text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && text.ends_with(|c: char| c.is_ascii_alphanumeric())
                && text.bytes().all(inner)
        };
        for (name, settings) in &self.extensions {
            if !name
                .split_once('/')
                .is_some_and(|(a, b)| word(a) && word(b))
            {
                return Err(SettingsError::new(format!(
                    "the extension {name:?} needs a name with a prefix of your own, such as `com.example/search`"
                )));
            }
            if !settings.is_object() {
                return Err(SettingsError::new(format!(
                    "the settings of the extension `{name}` must be a JSON object, not {settings}"
                )));
            }
        }
        Ok(())
    }

    /// Advertises exactly what is there.
    pub(super) fn with_capabilities_of(mut self, catalogue: &Catalogue) -> Self {
        let offer = Offer::of(catalogue, self.changes);
        self.offer = offer;
        let mut capabilities = Map::new();
        let (lists, resources) = if offer.changes {
            let lists = json!({ "listChanged": true });
            (lists, json!({ "listChanged": true, "subscribe": true }))
        } else {
            (json!({}), json!({}))
        };
        if offer.tools {
            capabilities.insert("tools".into(), lists.clone());
        }
        if offer.prompts {
            capabilities.insert("prompts".into(), lists);
        }
        if offer.resources {
            capabilities.insert("resources".into(), resources);
        }
        if offer.completions {
            capabilities.insert("completions".into(), json!({}));
        }
        capabilities.insert("logging".into(), json!({}));
        if catalogue.has_views() {
            self.extensions
                .entry(UI_EXTENSION)
                .or_insert_with(|| json!({}));
        }
        if offer.skills {
            self.extensions
                .entry(SKILLS_EXTENSION)
                .or_insert_with(|| json!({ "directoryRead": true }));
        }
        if !self.extensions.is_empty() {
            capabilities.insert("extensions".into(), Value::Object(self.extensions.clone()));
        }
        self.capabilities = capabilities;
        self.discover = Bytes::from(self.write_discover(catalogue.has_tasks()).to_string());
        self
    }

    #[cfg(feature = "contract")]
    pub(crate) fn capabilities(&self) -> &Map<String, Value> {
        &self.capabilities
    }

    pub(super) fn offer(&self) -> &Offer {
        &self.offer
    }

    /// Whether clients are told of changes at all.
    pub(crate) fn lists_change(&self) -> bool {
        self.offer.changes
    }

    fn implementation(&self) -> Value {
        let mut info = json!({ "name": self.name, "version": self.version });
        if let Some(title) = &self.title {
            info["title"] = title.as_str().into();
        }
        info
    }

    fn write_discover(&self, tasks: bool) -> Value {
        let versions: Vec<_> = ProtocolVersion::ALL.iter().map(|v| v.as_str()).collect();
        let mut capabilities = json!(self.capabilities);
        if tasks {
            // Not in the answer to `initialize`: the revisions that have it know no such extension.
            capabilities["extensions"][TASKS_EXTENSION] = json!({});
        }
        let mut result = json!({
            "supportedVersions": versions,
            "capabilities": capabilities,
            "resultType": "complete",
            "ttlMs": TTL_MS,
            "cacheScope": "public",
            "_meta": { "io.modelcontextprotocol/serverInfo": self.implementation() },
        });
        if let Some(instructions) = &self.instructions {
            result["instructions"] = instructions.as_str().into();
        }
        result
    }

    pub(super) fn discover(&self) -> Bytes {
        self.discover.clone()
    }

    /// The result of `initialize`, with the revision to speak from then on: the one that was asked for, or the
    /// newest that has sessions.
    pub(crate) fn initialize(&self, asked: Option<&str>) -> (ProtocolVersion, Value) {
        let version = asked
            .and_then(ProtocolVersion::parse)
            .filter(|v| !v.is_stateless())
            .unwrap_or(ProtocolVersion::LATEST_LEGACY);
        let mut result = json!({
            "protocolVersion": version.as_str(),
            "capabilities": self.capabilities,
            "serverInfo": self.implementation(),
        });
        if let Some(instructions) = &self.instructions {
            result["instructions"] = instructions.as_str().into();
        }
        (version, result)
    }
}
