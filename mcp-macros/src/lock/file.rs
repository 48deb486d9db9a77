//! `mcp.lock.json` beside the package's `Cargo.toml`, parsed once for all the tools of a crate.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use super::json::Json;

/// The newest lock file that is understood.
const LOCK_VERSION: i128 = 1;

/// What was found beside `Cargo.toml`.
#[derive(Debug, Clone)]
pub(super) enum Found {
    /// Nobody says where that is, as in some editors.
    Unknown,
    /// There is none yet.
    Missing,
    /// It cannot be read: why, and what to do.
    Broken(String, &'static str),
    Lock(Arc<Lock>),
}

/// A lock file, as far as a macro can compare it.
#[derive(Debug)]
pub(super) struct Lock {
    pub(super) path: PathBuf,
    /// The version of the server that was locked.
    pub(super) version: String,
    pub(super) tools: HashMap<String, Tool>,
}

/// A tool's locked input.
#[derive(Debug, Default)]
pub(super) struct Tool {
    pub(super) properties: Vec<Property>,
    /// Whether it let unknown arguments through.
    pub(super) is_open: bool,
}

/// A locked argument.
#[derive(Debug, Default)]
pub(super) struct Property {
    pub(super) name: String,
    pub(super) is_required: bool,
    /// The words of `type`; empty where its schema says it in another way.
    pub(super) types: Vec<String>,
    /// The texts of an `enum` of texts.
    pub(super) values: Option<Vec<String>>,
    /// By keyword, as written: bounds, lengths, `pattern`, `format`, `default`.
    keywords: HashMap<&'static str, String>,
}

/// The keywords that a macro can judge.
const KEYWORDS: &[&str] = &[
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "pattern",
    "format",
    "default",
];

impl Property {
    pub(super) fn get(&self, keyword: &str) -> Option<Json<'_>> {
        Json::read(self.keywords.get(keyword)?).ok()
    }

    fn of(name: String, schema: Json<'_>, is_required: bool) -> Self {
        let types = schema.get("type").map(|types| match types.text() {
            Some(one) => vec![one],
            None => types.items().into_iter().filter_map(Json::text).collect(),
        });
        let values = schema.get("enum").map(|list| {
            list.items()
                .into_iter()
                .map(Json::text)
                .collect::<Option<_>>()
        });
        let only = || Some(schema.get("const")?.text().map(|one| vec![one]));
        let keywords = KEYWORDS.iter();
        Self {
            name,
            is_required,
            types: types.unwrap_or_default(),
            values: values.or_else(only).or_else(|| constants(schema)).flatten(),
            keywords: keywords
                .filter_map(|k| Some((*k, schema.get(k)?.as_written().to_owned())))
                .collect(),
        }
    }
}

/// The values of `oneOf [{"const": "a"}, …]`, which is how an enum with described variants is published.
fn constants(schema: Json<'_>) -> Option<Option<Vec<String>>> {
    let branches = schema.get("oneOf")?.items();
    let mut values = Vec::new();
    for branch in branches {
        match (branch.get("const"), branch.get("enum")) {
            (Some(only), _) => values.push(only.text()),
            (None, Some(list)) => values.extend(list.items().into_iter().map(Json::text)),
            (None, None) => return Some(None),
        }
    }
    Some(values.into_iter().collect())
}

/// Reads the lock file, or what was read of it before: once per process, unless it changed (an editor's process lives
/// long).
pub(super) fn find() -> Found {
    static READ: Mutex<Option<(PathBuf, Option<SystemTime>, Found)>> = Mutex::new(None);
    let Some(directory) = std::env::var_os("CARGO_MANIFEST_DIR") else {
        return Found::Unknown;
    };
    let path = Path::new(&directory).join("mcp.lock.json");
    let changed = std::fs::metadata(&path).and_then(|m| m.modified()).ok();
    // A panic elsewhere left nothing half-written here.
    let mut read = READ
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((known, at, found)) = &*read
        && *known == path
        && *at == changed
    {
        return found.clone();
    }
    let found = match std::fs::read_to_string(&path) {
        Ok(text) => parse(&text, &path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Found::Missing,
        Err(error) => Found::Broken(
            format!("mcp.lock.json cannot be read: {error}"),
            "see to it, or leave `locked` out",
        ),
    };
    *read = Some((path, changed, found.clone()));
    found
}

/// Parses a lock file.
pub(super) fn parse(text: &str, path: &Path) -> Found {
    const RESTORE: &str =
        "restore it from version control; or remove it, and run the server with `schema --write`";
    let lock = match Json::read(text) {
        Ok(lock) => lock,
        Err(at) => {
            let line = text
                .get(..at)
                .map_or(1, |before| before.matches('\n').count() + 1);
            return Found::Broken(
                format!("mcp.lock.json is no JSON: it goes wrong in line {line}"),
                RESTORE,
            );
        }
    };
    match lock.get("lockVersion").and_then(Json::integer) {
        Some(1..=LOCK_VERSION) => {}
        Some(newer) if newer > LOCK_VERSION => {
            return Found::Broken(
                format!(
                    "mcp.lock.json is of version {newer}, which is newer than this mcp-runtime"
                ),
                "update mcp-runtime",
            );
        }
        _ => return Found::Broken("mcp.lock.json is no lock file".into(), RESTORE),
    }
    let version = lock
        .get("server")
        .and_then(|s| s.get("version"))
        .and_then(Json::text);
    let tools = lock.get("tools").filter(|t| t.is_list());
    let (Some(version), Some(tools)) = (version, tools) else {
        return Found::Broken("mcp.lock.json has no version or no tools".into(), RESTORE);
    };
    let tool = |entry: Json<'_>| {
        let descriptor = entry.get("descriptor")?;
        Some((
            descriptor.get("name")?.text()?,
            tool(descriptor.get("inputSchema")?),
        ))
    };
    Found::Lock(Arc::new(Lock {
        path: path.to_owned(),
        version,
        tools: tools.items().into_iter().filter_map(tool).collect(),
    }))
}

fn tool(input: Json<'_>) -> Tool {
    let required = input.get("required").map(Json::items).unwrap_or_default();
    let required: Vec<String> = required.into_iter().filter_map(Json::text).collect();
    let properties = input
        .get("properties")
        .map(Json::entries)
        .unwrap_or_default();
    Tool {
        properties: properties
            .into_iter()
            .map(|(name, schema)| {
                let is_required = required.contains(&name);
                Property::of(name, schema, is_required)
            })
            .collect(),
        is_open: !input
            .get("additionalProperties")
            .is_some_and(Json::is_false),
    }
}
