//! One tool against its predecessor.

use serde_json::{Map, Value};

use super::super::document::Entry;
use super::super::rules::Direction::{In, Out};
use super::super::rules::Severity;
use super::{Changes, items, schema};
use crate::schema::identity;

pub(super) fn compare(old: &Entry, new: &Entry, pinned: bool, changes: &mut Changes) {
    items::told(old, new, pinned, changes);
    input(&old.descriptor, &new.descriptor, changes);
    output(&old.descriptor, &new.descriptor, changes);
    hints(&old.descriptor, &new.descriptor, changes);
    scopes(old, new, changes);
    tasks(old, new, changes);
    meta(&old.descriptor, &new.descriptor, changes);
    items::rest(
        old,
        new,
        &[
            "inputSchema",
            "outputSchema",
            "annotations",
            "execution",
            "_meta",
        ],
        changes,
    );
}

fn input(old: &Value, new: &Value, changes: &mut Changes) {
    let empty = Value::Object(Map::new());
    let of = |d: &'_ Value| {
        d.get("inputSchema")
            .cloned()
            .unwrap_or_else(|| empty.clone())
    };
    schema::compare(&of(old), &of(new), In, "/inputSchema", changes);
}

fn output(old: &Value, new: &Value, changes: &mut Changes) {
    match (old.get("outputSchema"), new.get("outputSchema")) {
        (Some(old), Some(new)) => schema::compare(old, new, Out, "/outputSchema", changes),
        (None, Some(_)) => changes.add(45, Out, "/outputSchema", "the result is structured now"),
        (Some(_), None) => changes.add(
            46,
            Out,
            "/outputSchema",
            "the result is not structured any more",
        ),
        (None, None) => {}
    }
}

/// `readOnlyHint`, `destructiveHint`, `idempotentHint` and `openWorldHint`, each as the specification takes it where it
/// is not there.
pub(in super::super) fn effective_hints(descriptor: &Value) -> [(&'static str, bool); 4] {
    let of = |key: &str, default: bool| {
        let hint = descriptor.get("annotations").and_then(|a| a.get(key));
        hint.and_then(Value::as_bool).unwrap_or(default)
    };
    [
        ("readOnlyHint", of("readOnlyHint", false)),
        ("destructiveHint", of("destructiveHint", true)),
        ("idempotentHint", of("idempotentHint", false)),
        ("openWorldHint", of("openWorldHint", true)),
    ]
}

fn hints(old: &Value, new: &Value, changes: &mut Changes) {
    let (was, is) = (effective_hints(old), effective_hints(new));
    let said = |descriptor: &Value, key: &str| {
        descriptor
            .get("annotations")
            .and_then(|a| a.get(key))
            .is_some()
    };
    // To a tool that changes nothing two of the hints do not apply: whether one is left out makes no difference.
    let read_only = was[0].1 && is[0].1;
    for ((key, was), (_, is)) in was.into_iter().zip(is) {
        let idle = read_only && matches!(key, "destructiveHint" | "idempotentHint");
        if was == is || (idle && !(said(old, key) && said(new, key))) {
            continue;
        }
        let path = format!("/annotations/{key}");
        let rule = match (key, is) {
            ("readOnlyHint", false) | ("destructiveHint", true) => 47,
            ("readOnlyHint", true) | ("destructiveHint", false) | ("idempotentHint", true) => 48,
            ("idempotentHint", false) => 49,
            (_, true) => 50,
            (_, false) => 65,
        };
        changes.add(rule, In, &path, format!("`{key}` was {was} and is {is}"));
    }
    let title = |d: &Value| d.get("annotations").and_then(|a| a.get("title")).cloned();
    if title(old) != title(new) {
        changes.add(5, In, "/annotations/title", "the title changed");
    }
}

fn scopes(old: &Entry, new: &Entry, changes: &mut Changes) {
    let (Some(old), Some(new)) = (&old.scopes, &new.scopes) else {
        return;
    };
    for scope in new.iter().filter(|s| !old.contains(s)) {
        changes.add(
            52,
            In,
            "/scopes",
            format!("a call needs the scope `{scope}` now"),
        );
    }
    for scope in old.iter().filter(|s| !new.contains(s)) {
        changes.add(
            53,
            In,
            "/scopes",
            format!("a call does not need the scope `{scope}` any more"),
        );
    }
}

/// Whether a tool runs as a task: `forbidden`, `optional` or `required`.
pub(in super::super) fn task_support(entry: &Entry) -> &str {
    let listed = entry
        .descriptor
        .get("execution")
        .and_then(|e| e.get("taskSupport"));
    let word = entry
        .task
        .as_deref()
        .or_else(|| listed.and_then(Value::as_str));
    word.unwrap_or("forbidden")
}

fn tasks(old: &Entry, new: &Entry, changes: &mut Changes) {
    let (was, is) = (task_support(old), task_support(new));
    let message = format!("whether it runs as a task was `{was}` and is `{is}`");
    let path = "/execution/taskSupport";
    match (was, is) {
        (was, is) if was == is => {}
        (_, "required") => changes.add(54, In, path, message),
        (_, "optional") => changes.add_as(54, Severity::Minor, path, message),
        // Who asked for a task gets an answer at once, or none: that depends on the client.
        _ => changes.add_as(54, Severity::Review, path, message),
    }
}

/// The view of a tool. The flat key is the older spelling of the same.
fn view(descriptor: &Value) -> Option<&str> {
    let meta = descriptor.get("_meta")?;
    let nested = meta.get("ui").and_then(|ui| ui.get("resourceUri"));
    nested.or_else(|| meta.get("ui/resourceUri"))?.as_str()
}

fn meta(old: &Value, new: &Value, changes: &mut Changes) {
    let path = "/_meta/ui/resourceUri";
    match (view(old), view(new)) {
        (Some(old), Some(new)) if old != new => {
            changes.add(55, In, path, format!("the view was {old} and is {new}"));
        }
        (Some(old), None) => changes.add(
            55,
            In,
            path,
            format!("the view {old} is not shown any more"),
        ),
        (None, Some(new)) => changes.add(
            67,
            In,
            path,
            format!("the result is shown in the view {new}"),
        ),
        _ => {}
    }
    let others = |descriptor: &Value| {
        let mut meta = descriptor.get("_meta").cloned().unwrap_or_default();
        if let Value::Object(map) = &mut meta {
            map.remove("ui/resourceUri");
            let mut empty = false;
            if let Some(Value::Object(ui)) = map.get_mut("ui") {
                ui.remove("resourceUri");
                // Who sees a tool that does not say so (MCP Apps).
                let both = serde_json::json!(["model", "app"]);
                if ui.get("visibility") == Some(&both) {
                    ui.remove("visibility");
                }
                empty = ui.is_empty();
            }
            if empty {
                map.remove("ui");
            }
            if map.is_empty() {
                meta = Value::Null;
            }
        }
        identity(&meta)
    };
    if others(old) != others(new) {
        changes.add(
            39,
            In,
            "/_meta",
            "`_meta` changed: what that means, those know who read it",
        );
    }
}
