//! What this server offers: from its catalogue, without a port, a store or a call.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::document::{Entry, Head, Kind, Surface, digest_of};
use super::read::{MAX_LEVELS, Unreadable};
use crate::descriptor::{Html, Place, TaskSupport, UiResourceDescriptor};
use crate::protocol::ProtocolVersion;
use crate::registry::{Catalogue, Found, List};

/// What a server says of itself.
#[derive(Debug)]
pub(crate) struct Identity {
    pub head: Option<Head>,
    pub capabilities: Option<Map<String, Value>>,
}

/// Where each item is written, by its name in reports.
pub(crate) type Places = HashMap<String, Place>;

impl Surface {
    /// What this catalogue offers, with the places of its items.
    ///
    /// # Errors
    /// A descriptor that is nested too deep for JSON readers.
    pub(crate) fn of(
        catalogue: &Catalogue,
        identity: Identity,
    ) -> Result<(Self, Places), Unreadable> {
        let mut surface = Self {
            server: identity.head,
            capabilities: identity.capabilities,
            protocol_versions: Some(
                ProtocolVersion::ALL
                    .iter()
                    .map(|v| v.as_str().to_owned())
                    .collect(),
            ),
            ..Self::default()
        };
        let mut places = Places::new();
        let mut note = |kind: Kind, key: &str, place: &Place| {
            places.insert(kind.item(key), *place);
        };
        let mut tools = entries(&catalogue.tool_list, Kind::Tool);
        for entry in &mut tools {
            if let Some(tool) = catalogue.tool(&entry.key) {
                entry.scopes = Some(owned(tool.descriptor.scopes));
                entry.aliases = owned(tool.descriptor.aliases);
                entry.task = match tool.descriptor.task {
                    TaskSupport::Forbidden => None,
                    TaskSupport::Optional => Some("optional".into()),
                    TaskSupport::Required => Some("required".into()),
                };
                if let Some(view) = tool.descriptor.ui.filter(|view| view.versioned) {
                    for pointer in ["/_meta/ui/resourceUri", "/_meta/ui~1resourceUri"] {
                        if let Some(uri) = entry.descriptor.pointer_mut(pointer) {
                            *uri = view.uri.into();
                        }
                    }
                }
                note(Kind::Tool, &entry.key, &tool.descriptor.place);
            }
        }
        let prompts = entries(&catalogue.prompt_list, Kind::Prompt);
        for entry in &prompts {
            if let Some(prompt) = catalogue.prompt(&entry.key) {
                note(Kind::Prompt, &entry.key, &prompt.descriptor.place);
            }
        }
        let (mut resources, mut views) = (Vec::new(), Vec::new());
        for mut entry in entries(&catalogue.resource_list, Kind::Resource) {
            match catalogue.resource(&entry.key) {
                Some(Found::View(view, _)) => {
                    let view = view.descriptor;
                    entry.scopes = Some(Vec::new());
                    entry.html = html(view);
                    // Its version tells what `html` tells, and would make another view of each edit.
                    entry.key = view.uri.to_owned();
                    entry.descriptor["uri"] = view.uri.into();
                    note(Kind::View, &entry.key, &view.place);
                    views.push(entry);
                }
                Some(Found::Resource(resource, _)) => {
                    entry.scopes = Some(owned(resource.descriptor.scopes));
                    note(Kind::Resource, &entry.key, &resource.descriptor.place);
                    resources.push(entry);
                }
                Some(Found::SkillFile(_)) => {
                    entry.scopes = Some(Vec::new());
                    resources.push(entry);
                }
                None => resources.push(entry),
            }
        }
        let mut templates = entries(&catalogue.template_list, Kind::Template);
        for entry in &mut templates {
            if let Some(resource) = catalogue.template(&entry.key) {
                entry.scopes = Some(owned(resource.descriptor.scopes));
                note(Kind::Template, &entry.key, &resource.descriptor.place);
            }
        }
        surface.set(Kind::Tool, tools);
        surface.set(Kind::Prompt, prompts);
        surface.set(Kind::Resource, resources);
        surface.set(Kind::Template, templates);
        surface.set(Kind::View, views);
        for (kind, entry) in surface.all() {
            if !shallow(&entry.descriptor, MAX_LEVELS) {
                return Err(Unreadable(format!(
                    "the descriptor of the {} `{}` is nested deeper than {MAX_LEVELS} levels, which JSON readers \
                     refuse: take a flatter type, or one that refers to itself",
                    kind.word(),
                    entry.key
                )));
            }
        }
        Ok((surface, places))
    }
}

fn entries(list: &List, kind: Kind) -> Vec<Entry> {
    let entry = |descriptor: &Value| {
        let key = descriptor[kind.key()].as_str().unwrap_or_default();
        Entry::plain(key.to_owned(), descriptor.clone())
    };
    list.entries().map(entry).collect()
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).to_owned()).collect()
}

/// What is rendered for each read is the user's code, which is not run here.
fn html(view: &UiResourceDescriptor) -> Option<String> {
    match view.html {
        Html::Text(text) => Some(digest_of(text.as_bytes())),
        Html::Render(_) => None,
    }
}

/// Whether a value is nested in at most so many levels.
fn shallow(value: &Value, levels: usize) -> bool {
    let Some(levels) = levels.checked_sub(1) else {
        return false;
    };
    match value {
        Value::Array(list) => list.iter().all(|child| shallow(child, levels)),
        Value::Object(map) => map.values().all(|child| shallow(child, levels)),
        _ => true,
    }
}
