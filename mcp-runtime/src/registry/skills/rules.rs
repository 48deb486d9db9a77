//! What the Agent Skills specification asks of the frontmatter's fields (agentskills.io/specification).

use serde_json::{Map, Value};

const NAME: usize = 64;
const DESCRIPTION: usize = 1024;
const COMPATIBILITY: usize = 500;
/// Keys of `metadata` that only extensions of the protocol may define (SEP-2640, "Frontmatter").
const RESERVED: &str = "io.modelcontextprotocol/";

/// Checks the fields of a skill in this directory.
///
/// # Errors
/// The first field that is wrong, and how it must be.
pub(super) fn check(fields: &Map<String, Value>, directory: &str) -> Result<(), String> {
    let name = text(fields, "name")?;
    let good = name.len() <= NAME
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--");
    if !good {
        return Err(format!(
            "the name {name:?} must have at most {NAME} lower-case letters, digits and single hyphens between them"
        ));
    }
    if name != directory {
        return Err(format!(
            "the name `{name}` must be that of its directory, `{directory}`: rename one of them"
        ));
    }
    bounded("description", text(fields, "description")?, DESCRIPTION)?;
    if fields.contains_key("compatibility") {
        bounded(
            "compatibility",
            text(fields, "compatibility")?,
            COMPATIBILITY,
        )?;
    }
    match fields.get("metadata") {
        None => Ok(()),
        Some(Value::Object(metadata)) => match metadata.keys().find(|k| k.starts_with(RESERVED)) {
            None => Ok(()),
            Some(key) => Err(format!(
                "the key `{key}` of `metadata` is reserved: use a prefix of your own"
            )),
        },
        Some(_) => Err("`metadata` must be a map".into()),
    }
}

fn text<'f>(fields: &'f Map<String, Value>, name: &str) -> Result<&'f str, String> {
    match fields.get(name) {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text),
        None | Some(Value::Null | Value::String(_)) => {
            Err(format!("its frontmatter lacks a `{name}`"))
        }
        Some(_) => Err(format!("`{name}` must be text: put it in quotes")),
    }
}

fn bounded(name: &str, text: &str, most: usize) -> Result<(), String> {
    let length = text.chars().count();
    if length > most {
        return Err(format!(
            "the {name} has {length} characters, more than {most}"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problem(fields: Value, directory: &str) -> String {
        let Value::Object(fields) = fields else {
            panic!("an object")
        };
        check(&fields, directory).map_or_else(|problem| problem, |()| "fine".into())
    }

    #[test]
    fn names_follow_the_specification() {
        for name in ["a", "pdf-processing", "a1-2b", &"a".repeat(64)] {
            let fields = json!({ "name": name, "description": "d" });
            assert_eq!(problem(fields, name), "fine");
        }
        for name in ["-a", "a-", "a--b", "A", "a_b", "ä", "a b", &"a".repeat(65)] {
            let fields = json!({ "name": name, "description": "d" });
            assert!(problem(fields, name).contains("lower-case"), "{name}");
        }
        let fields = json!({ "name": "a", "description": "d" });
        assert!(problem(fields, "b").contains("its directory, `b`"));
    }

    #[test]
    fn fields_have_their_types_and_lengths() {
        let with = |key: &str, value: Value| {
            let mut fields = json!({ "name": "a", "description": "d" });
            fields[key] = value;
            problem(fields, "a")
        };
        assert!(with("name", json!(12)).contains("put it in quotes"));
        assert!(with("name", Value::Null).contains("lacks a `name`"));
        assert!(with("description", json!("  ")).contains("lacks a `description`"));
        assert_eq!(with("description", json!("ä".repeat(1024))), "fine");
        assert!(with("description", json!("d".repeat(1025))).contains("1025 characters"));
        assert!(with("compatibility", json!("c".repeat(501))).contains("501 characters"));
        assert!(with("metadata", json!("1.0")).contains("must be a map"));
        assert_eq!(with("metadata", json!({ "version": "1.0" })), "fine");
        let reserved = json!({ "io.modelcontextprotocol/x": "y" });
        assert!(with("metadata", reserved).contains("is reserved"));
        assert_eq!(with("allowed-tools", json!(["Bash"])), "fine");
    }
}
