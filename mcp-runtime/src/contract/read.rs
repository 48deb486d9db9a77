//! Reads what another run, or another server, said: a lock file, or a plain answer to `tools/list`.

use std::collections::HashSet;
use std::path::Path;

use serde_json::{Map, Value};

use super::document::{Entry, Head, Kind, LOCK_VERSION, Surface};

/// The largest file that is read.
const MAX_BYTES: u64 = 64 << 20;

/// As deep as descriptors may be nested: a little less than what `serde_json` reads.
pub(crate) const MAX_LEVELS: usize = 120;

/// A document that cannot be read, in one sentence that says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable(pub String);

/// Reads a file.
pub(crate) fn file(path: &Path) -> Result<Surface, Unreadable> {
    let wrong = |why: String| Unreadable(format!("{}: {why}", path.display()));
    let size = std::fs::metadata(path).map_err(|e| wrong(format!("cannot be read: {e}")))?;
    if size.is_dir() {
        return Err(wrong("is a directory: name a file".into()));
    }
    if size.len() > MAX_BYTES {
        return Err(wrong(format!("is larger than {} MiB", MAX_BYTES >> 20)));
    }
    let text = std::fs::read(path).map_err(|e| wrong(format!("cannot be read: {e}")))?;
    text_of(&text).map_err(|e| wrong(e.0))
}

/// Whether a file is a lock, and only this reader is too old for it.
pub(crate) fn is_newer(path: &Path) -> bool {
    let text = std::fs::read(path).unwrap_or_default();
    let value: Value = serde_json::from_slice(&text).unwrap_or_default();
    let version = value.get("lockVersion").and_then(Value::as_u64);
    version.is_some_and(|version| version > LOCK_VERSION)
}

/// Reads the bytes of a document.
pub(crate) fn text_of(bytes: &[u8]) -> Result<Surface, Unreadable> {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let value: Value = serde_json::from_slice(text).map_err(|e| {
        let text = e.to_string();
        Unreadable(if text.contains("recursion limit") {
            format!("is nested deeper than {MAX_LEVELS} levels ({text})")
        } else {
            format!("is no JSON: {text}. Write it anew with `schema --write`, or restore it from version control")
        })
    })?;
    document(value)
}

fn document(value: Value) -> Result<Surface, Unreadable> {
    let map = match value {
        Value::Array(tools) => {
            let mut map = Map::new();
            map.insert("tools".into(), tools.into());
            map
        }
        Value::Object(mut map) => match map.remove("result") {
            // A whole JSON-RPC answer.
            Some(Value::Object(result)) => result,
            Some(_) => return Err(no_list()),
            None => map,
        },
        _ => return Err(no_list()),
    };
    match map.get("lockVersion") {
        None => plain(&map),
        Some(version) => match version.as_u64() {
            Some(1..=LOCK_VERSION) => lock(&map),
            Some(newer) if newer > LOCK_VERSION => Err(Unreadable(format!(
                "is a lock file of version {newer}, and this server knows versions up to {LOCK_VERSION}: it was \
                 written with a newer mcp-runtime; update this one"
            ))),
            _ => Err(Unreadable(format!(
                "has the lockVersion {version}, which is none: write it anew with `schema --write`"
            ))),
        },
    }
}

fn no_list() -> Unreadable {
    Unreadable(
        "is neither a lock file nor an answer to tools/list: an object with `tools` is expected"
            .into(),
    )
}

/// An answer to `tools/list`; other lists beside it are taken too.
fn plain(map: &Map<String, Value>) -> Result<Surface, Unreadable> {
    let lists = [Kind::Tool, Kind::Prompt, Kind::Resource, Kind::Template];
    if !lists
        .iter()
        .any(|kind| map.get(kind.list()).is_some_and(Value::is_array))
    {
        return Err(no_list());
    }
    if let Some(cursor) = map.get("nextCursor").filter(|c| !c.is_null()) {
        return Err(Unreadable(format!(
            "is one page of a list (`nextCursor` is {cursor}): fetch the others, and put all tools into one list"
        )));
    }
    let mut surface = Surface::default();
    for kind in lists {
        if let Some(list) = map.get(kind.list()) {
            let entries = entries(kind, list, |descriptor| (descriptor, None))?;
            if kind == Kind::Resource {
                let (views, resources) = entries
                    .into_iter()
                    .partition(|e| e.key.starts_with("ui://"));
                surface.set(Kind::View, views);
                surface.set(Kind::Resource, resources);
            } else {
                surface.set(kind, entries);
            }
        }
    }
    surface.capabilities = map.get("capabilities").and_then(Value::as_object).cloned();
    Ok(surface)
}

fn lock(map: &Map<String, Value>) -> Result<Surface, Unreadable> {
    let broken = |what: &str| {
        Unreadable(format!(
            "has no {what}: write it anew with `schema --write`"
        ))
    };
    let word = |key: &str| {
        map.get("server")
            .and_then(|s| s.get(key))
            .and_then(Value::as_str)
    };
    let mut surface = Surface {
        server: Some(Head {
            name: word("name")
                .ok_or_else(|| broken("`server.name`"))?
                .to_owned(),
            version: word("version")
                .ok_or_else(|| broken("`server.version`"))?
                .to_owned(),
        }),
        capabilities: map.get("capabilities").and_then(Value::as_object).cloned(),
        protocol_versions: map.get("protocolVersions").and_then(strings),
        ..Surface::default()
    };
    for kind in Kind::ALL {
        let list = map
            .get(kind.list())
            .ok_or_else(|| broken(&format!("list `{}`", kind.list())))?;
        let entries = entries(kind, list, |entry| (&entry["descriptor"], Some(entry)))?;
        surface.set(kind, entries);
    }
    Ok(surface)
}

fn strings(value: &Value) -> Option<Vec<String>> {
    let words = value
        .as_array()?
        .iter()
        .map(|v| v.as_str().map(str::to_owned));
    words.collect()
}

/// The entries of a list. `parts` finds the descriptor, and the entry of a lock file around it.
fn entries<'v>(
    kind: Kind,
    list: &'v Value,
    parts: impl Fn(&'v Value) -> (&'v Value, Option<&'v Value>),
) -> Result<Vec<Entry>, Unreadable> {
    let wrong = |i: usize, why: String| Unreadable(format!("`{}[{i}]` {why}", kind.list()));
    let list = list
        .as_array()
        .ok_or_else(|| Unreadable(format!("`{}` is no list", kind.list())))?;
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for (i, value) in list.iter().enumerate() {
        let (descriptor, locked) = parts(value);
        if !descriptor.is_object() {
            return Err(wrong(i, "has no descriptor".into()));
        }
        let key = descriptor.get(kind.key()).and_then(Value::as_str);
        let key = key.ok_or_else(|| wrong(i, format!("has no `{}`", kind.key())))?;
        if !seen.insert(key) {
            return Err(wrong(
                i,
                format!("is the second `{key}`: each can be there once"),
            ));
        }
        let mut entry = Entry::plain(key.to_owned(), descriptor.clone());
        for name in ["inputSchema", "outputSchema"] {
            match descriptor.get(name) {
                // Some servers write `null` where they have none.
                Some(Value::Null) => {
                    if let Value::Object(map) = &mut entry.descriptor {
                        map.shift_remove(name);
                    }
                }
                Some(schema) if !schema.is_object() => {
                    let shown = super::short(schema);
                    return Err(wrong(
                        i,
                        format!("(`{key}`) has an `{name}` that is no object: {shown}"),
                    ));
                }
                _ => {}
            }
        }
        if let Some(locked) = locked {
            entry.scopes = locked.get("scopes").and_then(strings);
            entry.aliases = locked.get("aliases").and_then(strings).unwrap_or_default();
            entry.task = locked
                .get("task")
                .and_then(Value::as_str)
                .map(str::to_owned);
            entry.html = locked
                .get("html")
                .and_then(Value::as_str)
                .map(str::to_owned);
        }
        found.push(entry);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> String {
        text_of(text.as_bytes()).map(|_| ()).expect_err(text).0
    }

    #[test]
    fn every_shape_of_a_list_is_read() {
        for text in [
            r#"{"tools": [{"name": "a", "inputSchema": {"type": "object"}}]}"#,
            r#"[{"name": "a", "inputSchema": {"type": "object"}}]"#,
            r#"[{"name": "a", "inputSchema": null, "outputSchema": null}]"#,
            r#"{"jsonrpc": "2.0", "id": 1, "result": {"tools": [{"name": "a"}], "nextCursor": null}}"#,
            "\u{feff}{\"tools\": [{\"name\": \"a\"}]}",
        ] {
            let surface = text_of(text.as_bytes()).expect(text);
            let tools = surface.entries(Kind::Tool).expect("tools");
            assert_eq!((tools.len(), tools[0].key.as_str()), (1, "a"));
            assert_ne!(tools[0].descriptor.get("inputSchema"), Some(&Value::Null));
            assert!(surface.entries(Kind::Prompt).is_none());
        }
    }

    #[test]
    fn what_cannot_be_read_says_why_and_what_to_do() {
        for (text, part) in [
            ("", "no JSON"),
            ("{\"tools\": [", "line 1"),
            ("3", "neither a lock file"),
            ("{}", "neither a lock file"),
            ("{\"tools\": 3}", "neither a lock file"),
            ("{\"tools\": [3]}", "`tools[0]` has no descriptor"),
            ("{\"tools\": [{}]}", "`tools[0]` has no `name`"),
            (
                "{\"tools\": [{\"name\": \"a\"}, {\"name\": \"a\"}]}",
                "`tools[1]` is the second `a`",
            ),
            (
                "{\"tools\": [{\"name\": \"a\", \"inputSchema\": 3}]}",
                "`tools[0]` (`a`) has an `inputSchema` that is no object: 3",
            ),
            ("{\"tools\": [], \"nextCursor\": \"x\"}", "fetch the others"),
            ("{\"lockVersion\": 2}", "update this one"),
            ("{\"lockVersion\": \"x\"}", "which is none"),
            ("{\"lockVersion\": 1}", "`server.name`"),
            (
                "{\"lockVersion\": 1, \"server\": {\"name\": \"a\", \"version\": \"1\"}}",
                "list `tools`",
            ),
        ] {
            let why = why(text);
            assert!(why.contains(part), "{text}: {why}");
        }
        let deep = format!("{{\"tools\": {}", "[".repeat(100_000));
        assert!(why(&deep).contains("nested deeper"));
    }
}
