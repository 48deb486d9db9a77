//! The tools of other servers: any JSON file that holds a list of them.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// One file.
pub(super) struct Server {
    /// The file's name without its end.
    pub(super) name: String,
    pub(super) tools: Vec<Value>,
}

/// Reads every `*.json` of a directory, in the order of their names.
pub(super) fn servers(dir: &Path) -> Result<Vec<Server>> {
    let entries =
        std::fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.is_empty() {
        bail!("there is no *.json in {}", dir.display());
    }
    paths.iter().map(|path| server(path)).collect()
}

fn server(path: &Path) -> Result<Server> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    let json: Value = serde_json::from_str(&text).with_context(|| format!("{shown} is no JSON"))?;
    let tools = tools(&json).with_context(|| {
        format!(
            "{shown} holds no list of tools: it must be the list itself, an object with `tools`, \
             or the answer to `tools/list`"
        )
    })?;
    let name = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(Server {
        name,
        tools: tools.clone(),
    })
}

fn tools(json: &Value) -> Option<&Vec<Value>> {
    json.as_array()
        .or_else(|| json.get("tools")?.as_array())
        .or_else(|| json.get("result")?.get("tools")?.as_array())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_form_of_a_list_is_read() {
        for form in [
            json!([{}]),
            json!({"server": "a", "tools": [{}]}),
            json!({"jsonrpc": "2.0", "id": 1, "result": {"tools": [{}]}}),
        ] {
            assert_eq!(tools(&form).map(Vec::len), Some(1), "{form}");
        }
        assert!(tools(&json!({"resources": []})).is_none());
    }
}
