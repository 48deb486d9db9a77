//! For code scanning: SARIF 2.1.0 (OASIS).

use serde_json::{Map, Value, json};

use super::super::own::Places;
use super::{Report, Row};

pub(super) fn write(report: &Report<'_>, places: &Places, lock: &str) -> String {
    let rows = report.rows();
    let mut rules: Vec<Value> = Vec::new();
    for row in &rows {
        if !rules.iter().any(|r| r["id"] == row.id.as_str()) {
            rules.push(json!({ "id": row.id, "shortDescription": { "text": row.about } }));
        }
    }
    let results: Vec<Value> = rows.iter().map(|row| result(row, places, lock)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "mcp-contract",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn result(row: &Row<'_>, places: &Places, lock: &str) -> Value {
    // The function that changed; what is gone stands in the lock file.
    let place = places.get(row.item).filter(|p| !p.file.starts_with('/'));
    let (uri, line) = place.map_or((lock, 1), |p| (p.file, p.line));
    let mut text = row.message.to_owned();
    if !row.hint.is_empty() {
        text = format!("{text}. Help: {}", row.hint);
    }
    let mut result = Map::new();
    result.insert("ruleId".into(), row.id.as_str().into());
    let level = match row.group {
        "breaking" | "error" => "error",
        "review" | "warning" => "warning",
        _ => "note",
    };
    result.insert("level".into(), level.into());
    result.insert(
        "message".into(),
        json!({ "text": format!("{}: {text}", row.item) }),
    );
    result.insert(
        "locations".into(),
        json!([{
            "physicalLocation": {
                "artifactLocation": { "uri": uri.replace('\\', "/") },
                "region": { "startLine": line },
            },
            "logicalLocations": [{ "fullyQualifiedName": format!("{}{}", row.item, row.path) }],
        }]),
    );
    if let Some(reason) = row.waived {
        result.insert(
            "suppressions".into(),
            json!([{ "kind": "external", "justification": reason }]),
        );
    }
    Value::Object(result)
}
