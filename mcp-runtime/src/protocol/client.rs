//! What a client says of itself.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

use super::ProtocolVersion;

/// A client's or server's name and version.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Implementation {
    /// The programmatic name.
    pub name: String,
    /// The version.
    pub version: String,
    /// The name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its home page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website_url: Option<String>,
}

/// The extension by which skills are listed and read (SEP-2640).
pub(crate) const SKILLS_EXTENSION: &str = "io.modelcontextprotocol/skills";
/// The extension of MCP Apps.
pub(crate) const UI_EXTENSION: &str = "io.modelcontextprotocol/ui";
/// The media type of a view.
pub(crate) const UI_MIME_TYPE: &str = "text/html;profile=mcp-app";

/// The extension of tasks (SEP-2663).
pub(crate) const TASKS_EXTENSION: &str = "io.modelcontextprotocol/tasks";

/// What a client can do.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ClientCapabilities {
    /// It can ask its user.
    pub elicitation: Option<Elicitation>,
    #[serde(deserialize_with = "present")]
    sampling: bool,
    #[serde(deserialize_with = "present")]
    roots: bool,
    /// Extensions by name, each with its settings.
    pub extensions: BTreeMap<String, Value>,
}

/// In which ways a client can ask its user.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Elicitation {
    #[serde(deserialize_with = "present")]
    form: bool,
    #[serde(deserialize_with = "present")]
    url: bool,
}

impl ClientCapabilities {
    /// Whether it can show a form; an empty `elicitation` means that too.
    pub fn supports_form_elicitation(&self) -> bool {
        self.elicitation.as_ref().is_some_and(|e| e.form || !e.url)
    }

    /// Whether it can send its user to a URL.
    pub fn supports_url_elicitation(&self) -> bool {
        self.elicitation.as_ref().is_some_and(|e| e.url)
    }

    /// Whether it lends its model.
    pub fn supports_sampling(&self) -> bool {
        self.sampling
    }

    /// Whether it names its roots.
    pub fn supports_roots(&self) -> bool {
        self.roots
    }

    /// Whether it takes a task for an answer (SEP-2663).
    pub fn supports_tasks(&self) -> bool {
        self.extensions
            .get(TASKS_EXTENSION)
            .is_some_and(Value::is_object)
    }

    /// Whether it renders views (MCP Apps).
    pub fn supports_ui(&self) -> bool {
        let Some(settings) = self.extensions.get(UI_EXTENSION) else {
            return false;
        };
        match settings.get("mimeTypes").and_then(Value::as_array) {
            Some(types) => types.iter().any(|t| t == UI_MIME_TYPE),
            None => true,
        }
    }
}

impl ClientCapabilities {
    /// What of this a revision has: a client may name more than it and its server agreed to speak.
    pub(crate) fn within(mut self, version: ProtocolVersion) -> Self {
        if version < ProtocolVersion::V2025_06_18 {
            self.elicitation = None;
        }
        if let Some(elicitation) = &mut self.elicitation
            && version < ProtocolVersion::V2025_11_25
        {
            // Before, there were forms only, and no word for them.
            *elicitation = Elicitation::default();
        }
        self
    }

    /// The capabilities that a server of ours asks about, in a byte.
    pub(crate) fn pack(&self) -> u8 {
        let flags = [
            self.elicitation.is_some(),
            self.supports_form_elicitation(),
            self.supports_url_elicitation(),
            self.sampling,
            self.roots,
            self.supports_ui(),
        ];
        flags
            .iter()
            .enumerate()
            .fold(0, |bits, (i, on)| bits | (u8::from(*on) << i))
    }

    /// The reverse of [`Self::pack`].
    pub(crate) fn unpack(bits: u8) -> Self {
        let on = |i: u8| bits & (1 << i) != 0;
        let mut extensions = BTreeMap::new();
        if on(5) {
            extensions.insert(
                UI_EXTENSION.to_owned(),
                Value::Object(serde_json::Map::new()),
            );
        }
        Self {
            elicitation: on(0).then(|| Elicitation {
                form: on(1),
                url: on(2),
            }),
            sampling: on(3),
            roots: on(4),
            extensions,
        }
    }
}

/// A capability is an object; that it is there is what counts.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::<IgnoredAny>::deserialize(deserializer)?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_survive_the_byte() {
        for json in [
            r"{}",
            r#"{"elicitation":{}}"#,
            r#"{"elicitation":{"url":{}},"roots":{"listChanged":true}}"#,
            r#"{"sampling":{},"extensions":{"io.modelcontextprotocol/ui":{"mimeTypes":["text/html;profile=mcp-app"]}}}"#,
        ] {
            let asked: ClientCapabilities = serde_json::from_str(json).expect(json);
            let read = ClientCapabilities::unpack(asked.pack());
            assert_eq!(read.pack(), asked.pack(), "{json}");
            assert_eq!(read.supports_ui(), asked.supports_ui(), "{json}");
            assert_eq!(
                read.supports_form_elicitation(),
                asked.supports_form_elicitation(),
                "{json}"
            );
            assert_eq!(
                read.supports_url_elicitation(),
                asked.supports_url_elicitation(),
                "{json}"
            );
        }
    }
}
