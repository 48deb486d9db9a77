//! What a server offers, as far as a contract goes; and the lock file, which is its written form.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::compare::{effective_hints, task_support};
use super::normal;
use crate::schema::canonical;

/// The version of the lock file that is written, and the newest that is read.
pub(crate) const LOCK_VERSION: u64 = 1;

/// The name of the lock file.
pub(crate) const LOCK_FILE: &str = "mcp.lock.json";

/// The kinds of items, in the order of the lock file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Tool,
    Prompt,
    Resource,
    Template,
    View,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [
        Self::Tool,
        Self::Prompt,
        Self::Resource,
        Self::Template,
        Self::View,
    ];

    /// The key of its list.
    pub(crate) fn list(self) -> &'static str {
        match self {
            Self::Tool => "tools",
            Self::Prompt => "prompts",
            Self::Resource => "resources",
            Self::Template => "resourceTemplates",
            Self::View => "uiResources",
        }
    }

    /// What a client calls it by.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Tool | Self::Prompt => "name",
            Self::Resource | Self::View => "uri",
            Self::Template => "uriTemplate",
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Prompt => "prompt",
            Self::Resource => "resource",
            Self::Template => "resource template",
            Self::View => "ui resource",
        }
    }

    /// The item's name in reports: `tools/roll_dice`.
    pub(crate) fn item(self, key: &str) -> String {
        format!("{}/{key}", self.list())
    }
}

/// One tool, prompt, resource, template or view.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Its name or uri.
    pub key: String,
    /// As the lists show it.
    pub descriptor: Value,
    /// The scopes that it needs; `None` where that is not known.
    pub scopes: Option<Vec<String>>,
    /// Former names that still work.
    pub aliases: Vec<String>,
    /// Whether it runs as a task, where the descriptor does not tell.
    pub task: Option<String>,
    /// The digest of a view's HTML; `None` where it is rendered for each read, or not known.
    pub html: Option<String>,
}

impl Entry {
    /// One that is known by its descriptor only.
    pub(crate) fn plain(key: String, descriptor: Value) -> Self {
        Self {
            key,
            descriptor,
            scopes: None,
            aliases: Vec::new(),
            task: None,
            html: None,
        }
    }

    /// What it costs a model to have it listed, roughly: a token is about four bytes.
    pub(crate) fn tokens(&self) -> usize {
        self.descriptor.to_string().len().div_ceil(4)
    }

    /// What callers depend on.
    fn contract(&self, kind: Kind) -> Value {
        let mut map = self.descriptor.as_object().cloned().unwrap_or_default();
        for key in ["title", "description", "icons", "annotations", "execution"] {
            map.remove(key);
        }
        for key in ["inputSchema", "outputSchema"] {
            if let Some(schema) = map.get_mut(key) {
                *schema = normal::contract(&normal::normal(schema));
            }
        }
        if let Some(Value::Array(arguments)) = map.get_mut("arguments") {
            for argument in arguments.iter_mut().filter_map(Value::as_object_mut) {
                argument.remove("description");
                argument.remove("title");
            }
        }
        if kind == Kind::Tool {
            let hints = effective_hints(&self.descriptor);
            let read_only = hints[0].1;
            for (hint, value) in hints {
                // To a tool that changes nothing these do not apply.
                if !read_only || !matches!(hint, "destructiveHint" | "idempotentHint") {
                    map.insert(hint.into(), value.into());
                }
            }
            map.insert("taskSupport".into(), task_support(self).into());
        }
        map.insert("scopes".into(), json!(self.scopes));
        map.insert("aliases".into(), json!(self.aliases));
        map.into()
    }

    /// What people and models read: every title, description and picture, by its place.
    fn prose(&self) -> Value {
        fn collect(value: &Value, path: &str, out: &mut Map<String, Value>) {
            match value {
                Value::Object(map) => {
                    for (key, child) in map {
                        let here = format!("{path}/{key}");
                        if matches!(key.as_str(), "title" | "description" | "icons")
                            && !path.ends_with("/properties")
                        {
                            out.insert(here, child.clone());
                        } else {
                            collect(child, &here, out);
                        }
                    }
                }
                Value::Array(list) => {
                    for (i, child) in list.iter().enumerate() {
                        collect(child, &format!("{path}/{i}"), out);
                    }
                }
                _ => {}
            }
        }
        let mut out = Map::new();
        collect(&self.descriptor, "", &mut out);
        out.into()
    }

    fn lock(&self, kind: Kind) -> Value {
        let mut map = Map::new();
        map.insert(kind.key().into(), self.key.as_str().into());
        map.insert("contract".into(), digest(&self.contract(kind)).into());
        map.insert("prose".into(), digest(&self.prose()).into());
        map.insert("tokens".into(), self.tokens().into());
        if kind != Kind::Prompt {
            map.insert(
                "scopes".into(),
                json!(self.scopes.clone().unwrap_or_default()),
            );
        }
        if !self.aliases.is_empty() {
            map.insert("aliases".into(), json!(self.aliases));
        }
        if let Some(task) = &self.task {
            map.insert("task".into(), task.as_str().into());
        }
        if kind == Kind::View {
            let ui = &self.descriptor["_meta"]["ui"];
            map.insert("html".into(), json!(self.html));
            map.insert("csp".into(), ui["csp"].clone());
            map.insert(
                "permissions".into(),
                ui.get("permissions").cloned().unwrap_or_else(|| json!({})),
            );
        }
        map.insert("descriptor".into(), self.descriptor.clone());
        map.into()
    }
}

/// Who offers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub name: String,
    pub version: String,
}

/// What a server offers. What is `None` is not known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surface {
    pub server: Option<Head>,
    pub capabilities: Option<Map<String, Value>>,
    pub protocol_versions: Option<Vec<String>>,
    pub lists: [Option<Vec<Entry>>; 5],
}

impl Surface {
    pub(crate) fn entries(&self, kind: Kind) -> Option<&[Entry]> {
        self.lists[kind as usize].as_deref()
    }

    pub(crate) fn set(&mut self, kind: Kind, entries: Vec<Entry>) {
        self.lists[kind as usize] = Some(entries);
    }

    /// All entries with their kind.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Kind, &Entry)> {
        Kind::ALL.into_iter().flat_map(|kind| {
            self.entries(kind)
                .into_iter()
                .flatten()
                .map(move |e| (kind, e))
        })
    }

    /// The lock file's text: the same bytes for the same server, wherever and whenever it is written.
    pub(crate) fn lock(&self) -> String {
        let mut map = Map::new();
        map.insert("lockVersion".into(), LOCK_VERSION.into());
        if let Some(Head { name, version }) = &self.server {
            map.insert("server".into(), json!({ "name": name, "version": version }));
        }
        map.insert("protocolVersions".into(), json!(self.protocol_versions));
        map.insert("capabilities".into(), json!(self.capabilities));
        for kind in Kind::ALL {
            let mut entries: Vec<&Entry> = self.entries(kind).unwrap_or_default().iter().collect();
            // By name: the order in the source is no part of what is offered.
            entries.sort_by(|a, b| a.key.cmp(&b.key));
            let entries: Vec<Value> = entries.into_iter().map(|e| e.lock(kind)).collect();
            map.insert(kind.list().into(), entries.into());
        }
        // Into bytes: through a formatter it takes some 6 % of what `schema` of 500 tools does.
        let mut text = serde_json::to_string_pretty(&map).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// What a list of tools costs a conversation, in tokens, roughly.
pub(crate) fn list_tokens(tools: &[Entry]) -> usize {
    tools.iter().map(Entry::tokens).sum()
}

/// By how much the list of tools grew, if by over 10 % (rule 62).
pub(crate) fn growth(old: &Surface, new: &Surface) -> Option<String> {
    let of = |surface: &Surface| surface.entries(Kind::Tool).map(list_tokens);
    let (was, is) = (of(old)?, of(new)?);
    (is * 10 > was * 11).then(|| {
        format!(
            "the list of tools grew from about {was} tokens to about {is}, by over 10 % (rule 62)"
        )
    })
}

/// SHA-256 over the canonical form (RFC 8785).
fn digest(value: &Value) -> String {
    digest_of(canonical(value).as_bytes())
}

/// SHA-256, as `sha256:` and hexadecimal digits.
pub(crate) fn digest_of(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::from("sha256:");
    for byte in Sha256::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
