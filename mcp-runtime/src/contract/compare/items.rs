//! Items of each kind: which are new, gone or renamed; and all that is no tool.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::super::document::{Entry, Kind, Surface};
use super::super::rules::Direction::In;
use super::super::rules::Severity;
use super::{Changes, tool};
use crate::schema::identity;

pub(super) fn compare(
    kind: Kind,
    old: &[Entry],
    new: &[Entry],
    pinned: &[String],
    changes: &mut Changes,
) {
    let new_by_key: HashMap<&str, &Entry> = new.iter().map(|e| (e.key.as_str(), e)).collect();
    let old_keys: HashSet<&str> = old.iter().map(|e| e.key.as_str()).collect();
    let mut successors = HashSet::new();
    for entry in old {
        changes.begin(kind.item(&entry.key));
        if let Some(now) = new_by_key.get(entry.key.as_str()) {
            match kind {
                Kind::Tool => {
                    let item = kind.item(&entry.key);
                    let pinned = pinned.iter().any(|p| *p == item || *p == entry.key);
                    tool::compare(entry, now, pinned, changes);
                }
                Kind::Prompt => prompt(entry, now, changes),
                Kind::Resource | Kind::Template | Kind::View => resource(entry, now, changes),
            }
        } else if let Some(now) = new.iter().find(|e| e.aliases.contains(&entry.key)) {
            changes.add(
                3,
                In,
                "/name",
                format!(
                    "`{}` is called `{}` now; the old name still works",
                    entry.key, now.key
                ),
            );
            successors.insert(now.key.as_str());
        } else {
            gone(kind, entry, new, &old_keys, &mut successors, changes);
        }
    }
    for entry in new {
        if !old_keys.contains(entry.key.as_str()) && !successors.contains(entry.key.as_str()) {
            changes.begin(kind.item(&entry.key));
            let rule = if kind == Kind::Tool { 1 } else { 67 };
            changes.add(rule, In, "", format!("the {} is new", kind.word()));
        }
    }
    if kind == Kind::Tool {
        order(old, new, changes);
    }
}

fn gone<'n>(
    kind: Kind,
    entry: &Entry,
    new: &'n [Entry],
    old_keys: &HashSet<&str>,
    successors: &mut HashSet<&'n str>,
    changes: &mut Changes,
) {
    let rule = match kind {
        Kind::Tool => 2,
        Kind::Prompt => 66,
        _ => 59,
    };
    let successor = new.iter().find(|e| {
        !old_keys.contains(e.key.as_str())
            && !successors.contains(e.key.as_str())
            && same_but_name(&entry.descriptor, &e.descriptor)
    });
    let message = match successor {
        Some(now) => {
            successors.insert(&now.key);
            format!(
                "the {} is called `{}` now, and the old name leads nowhere",
                kind.word(),
                now.key
            )
        }
        None => format!("the {} is gone", kind.word()),
    };
    changes.add(rule, In, "", message);
}

fn same_but_name(a: &Value, b: &Value) -> bool {
    let bare = |descriptor: &Value| {
        let mut map = descriptor.as_object().cloned().unwrap_or_default();
        for key in ["name", "title", "uri", "uriTemplate"] {
            map.remove(key);
        }
        identity(&Value::Object(map))
    };
    bare(a) == bare(b) && a.get("description").is_some()
}

fn order(old: &[Entry], new: &[Entry], changes: &mut Changes) {
    let names = |list: &[Entry], other: &[Entry]| -> Vec<String> {
        let other: HashSet<&str> = other.iter().map(|e| e.key.as_str()).collect();
        let common = list.iter().filter(|e| other.contains(e.key.as_str()));
        common.map(|e| e.key.clone()).collect()
    };
    if names(old, new) != names(new, old) {
        changes.begin("tools".into());
        changes.add(6, In, "", "the tools are listed in another order");
    }
}

/// Names, descriptions and pictures.
pub(super) fn told(old: &Entry, new: &Entry, pinned: bool, changes: &mut Changes) {
    let (a, b) = (&old.descriptor, &new.descriptor);
    if a.get("description") != b.get("description") {
        if pinned {
            changes.add_as(
                4,
                Severity::Review,
                "/description",
                "the description changed, and it is pinned",
            );
        } else {
            changes.add(4, In, "/description", "the description changed");
        }
    }
    for key in ["title", "icons"] {
        if a.get(key) != b.get(key) {
            changes.add(5, In, &format!("/{key}"), format!("`{key}` changed"));
        }
    }
}

/// What is in neither the rules nor `known` is for people.
pub(super) fn rest(old: &Entry, new: &Entry, known: &[&str], changes: &mut Changes) {
    let empty = Map::new();
    let (a, b) = (
        old.descriptor.as_object().unwrap_or(&empty),
        new.descriptor.as_object().unwrap_or(&empty),
    );
    let judged = [
        "name",
        "uri",
        "uriTemplate",
        "title",
        "description",
        "icons",
    ];
    let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        if judged.contains(&key.as_str()) || known.contains(&key.as_str()) {
            continue;
        }
        if a.get(key).map(identity) != b.get(key).map(identity) {
            changes.add(39, In, &format!("/{key}"), format!("`{key}` changed"));
        }
    }
}

fn prompt(old: &Entry, new: &Entry, changes: &mut Changes) {
    told(old, new, false, changes);
    let arguments = |entry: &Entry| -> Vec<(String, bool, Value)> {
        let list = entry
            .descriptor
            .get("arguments")
            .and_then(Value::as_array)
            .cloned();
        let named = |a: &Value| {
            let required = a.get("required").and_then(Value::as_bool).unwrap_or(false);
            let about = Value::Array(vec![a["description"].clone(), a["title"].clone()]);
            Some((a.get("name")?.as_str()?.to_owned(), required, about))
        };
        list.unwrap_or_default().iter().filter_map(named).collect()
    };
    let (was, is) = (arguments(old), arguments(new));
    for (name, required, about) in &was {
        let path = format!("/arguments/{name}");
        match is.iter().find(|(n, ..)| n == name) {
            None => changes.add(66, In, &path, format!("the argument `{name}` is gone")),
            Some((_, true, _)) if !required => {
                changes.add(
                    59,
                    In,
                    &path,
                    format!("the argument `{name}` is required now"),
                );
            }
            Some((_, false, _)) if *required => {
                changes.add(
                    67,
                    In,
                    &path,
                    format!("the argument `{name}` may be left out now"),
                );
            }
            Some((_, _, now)) if now != about => {
                changes.add(
                    43,
                    In,
                    &path,
                    format!("the description of `{name}` changed"),
                );
            }
            Some(_) => {}
        }
    }
    for (name, required, _) in &is {
        if !was.iter().any(|(n, ..)| n == name) {
            let (rule, kind) = if *required {
                (59, "required")
            } else {
                (67, "optional")
            };
            let path = format!("/arguments/{name}");
            changes.add(
                rule,
                In,
                &path,
                format!("the argument `{name}` is new, and {kind}"),
            );
        }
    }
    rest(old, new, &["arguments"], changes);
}

fn resource(old: &Entry, new: &Entry, changes: &mut Changes) {
    told(old, new, false, changes);
    let (a, b) = (&old.descriptor, &new.descriptor);
    if a.get("mimeType") != b.get("mimeType") {
        let of = |d: &Value| {
            d.get("mimeType")
                .map_or_else(|| "none".into(), ToString::to_string)
        };
        changes.add(
            60,
            In,
            "/mimeType",
            format!("the media type was {} and is {}", of(a), of(b)),
        );
    }
    if a.get("name") != b.get("name") {
        changes.add(5, In, "/name", "the name changed");
    }
    if let (Some(old), Some(new)) = (&old.scopes, &new.scopes) {
        for scope in new.iter().filter(|s| !old.contains(s)) {
            changes.add(
                52,
                In,
                "/scopes",
                format!("reading it needs the scope `{scope}` now"),
            );
        }
        for scope in old.iter().filter(|s| !new.contains(s)) {
            changes.add(
                53,
                In,
                "/scopes",
                format!("reading it does not need the scope `{scope}` any more"),
            );
        }
    }
    if let (Some(old), Some(new)) = (&old.html, &new.html)
        && old != new
    {
        changes.add(57, In, "/html", "the HTML changed");
    }
    let before = changes.len();
    reach(a, b, changes);
    let ui = |d: &Value| {
        let mut ui = d
            .get("_meta")
            .and_then(|m| m.get("ui"))
            .cloned()
            .unwrap_or_default();
        if let Value::Object(map) = &mut ui {
            map.remove("csp");
            map.remove("permissions");
            map.retain(|_, v| !v.is_null());
            if map.is_empty() {
                ui = Value::Null;
            }
        }
        ui
    };
    if identity(&ui(a)) != identity(&ui(b)) && changes.len() == before {
        changes.add(
            39,
            In,
            "/_meta/ui",
            "how the view wants to be shown changed",
        );
    }
    let known: &[&str] = &["mimeType", "_meta", "size", "annotations"];
    rest(old, new, known, changes);
}

/// Origins and permissions of a view.
fn reach(old: &Value, new: &Value, changes: &mut Changes) {
    let of = |descriptor: &Value| -> Vec<(String, String)> {
        let ui = descriptor.get("_meta").and_then(|m| m.get("ui"));
        let mut all = Vec::new();
        let csp = ui.and_then(|ui| ui.get("csp")).and_then(Value::as_object);
        for (directive, origins) in csp.into_iter().flatten() {
            let origins = origins
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            all.extend(origins.map(|o| (format!("/_meta/ui/csp/{directive}"), o.to_owned())));
        }
        let asked = ui
            .and_then(|ui| ui.get("permissions"))
            .and_then(Value::as_object);
        let asked = asked.into_iter().flatten().map(|(name, _)| name.clone());
        all.extend(asked.map(|name| ("/_meta/ui/permissions".to_owned(), name)));
        all
    };
    let (was, is) = (of(old), of(new));
    for (path, what) in is.iter().filter(|x| !was.contains(x)) {
        changes.add(56, In, path, format!("the view may use `{what}` now"));
    }
    for (path, what) in was.iter().filter(|x| !is.contains(x)) {
        changes.add(
            57,
            In,
            path,
            format!("the view may not use `{what}` any more"),
        );
    }
}

/// Capabilities and revisions of the protocol.
pub(super) fn server(old: &Surface, new: &Surface, changes: &mut Changes) {
    changes.begin("server".into());
    if let (Some(old), Some(new)) = (&old.capabilities, &new.capabilities) {
        let flat = |map: &Map<String, Value>| {
            let mut paths = Vec::new();
            for (name, value) in map {
                paths.push((format!("/capabilities/{name}"), Value::Null));
                for (key, value) in value.as_object().into_iter().flatten() {
                    if value != &Value::Bool(false) {
                        paths.push((format!("/capabilities/{name}/{key}"), value.clone()));
                    }
                }
            }
            paths
        };
        let (was, is) = (flat(old), flat(new));
        for (path, _) in was.iter().filter(|(p, _)| !is.iter().any(|(q, _)| p == q)) {
            changes.add(61, In, path, "the capability is gone");
        }
        for (path, _) in is.iter().filter(|(p, _)| !was.iter().any(|(q, _)| p == q)) {
            changes.add(67, In, path, "the capability is new");
        }
        for (path, value) in &is {
            if was
                .iter()
                .any(|(p, v)| p == path && identity(v) != identity(value))
            {
                changes.add(39, In, path, "the settings of the capability changed");
            }
        }
    }
    if let (Some(old), Some(new)) = (&old.protocol_versions, &new.protocol_versions) {
        let path = "/protocolVersions";
        for version in old.iter().filter(|v| !new.contains(v)) {
            changes.add(
                61,
                In,
                path,
                format!("revision {version} of the protocol is not spoken any more"),
            );
        }
        for version in new.iter().filter(|v| !old.contains(v)) {
            changes.add(
                67,
                In,
                path,
                format!("revision {version} of the protocol is spoken now"),
            );
        }
    }
}
