//! Structs and enums.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::field::{Field, Ty};
use super::names::{pascal, snake};
use super::shape::{variant_hint, without_null};
use super::types::Types;
use super::words::{extend_head, head_of, merged};

impl Types {
    /// A struct or an enum, where the schema is one.
    pub(super) fn structure(
        &mut self,
        map: &Map<String, Value>,
        hint: &str,
        shared: Option<&str>,
    ) -> Option<Ty> {
        let mut head: Vec<String> = shared.map(ToOwned::to_owned).into_iter().collect();
        let name = |types: &mut Self| match shared {
            Some(_) => hint.to_owned(),
            None => pascal(hint, &mut types.names),
        };
        let mut map = map.clone();
        if shared.is_some() {
            map.shift_remove("description");
            if let Some(title) = map.shift_remove("title").as_ref().and_then(Value::as_str) {
                head.push(format!("title = {title:?}"));
            }
        }
        for (key, is_one) in [("anyOf", false), ("oneOf", true)] {
            let Some(branches) = map.get(key).and_then(Value::as_array).cloned() else {
                continue;
            };
            if without_null(&map).is_some() || branches.iter().any(|b| !b.is_object()) {
                return None;
            }
            let name = name(self);
            if is_one {
                head.push("one_of".into());
            }
            extend_head(&mut head, &map, &[key]);
            let mut variants = HashSet::new();
            let mut body = String::new();
            for (i, branch) in branches.iter().enumerate() {
                let Value::Object(branch) = branch else {
                    continue;
                };
                let variant_hint = variant_hint(branch, i);
                let ty = self.of(branch, &format!("{hint}_{variant_hint}"));
                let variant = pascal(&variant_hint, &mut variants);
                let words = match ty.words.as_slice() {
                    [] => String::new(),
                    words => format!("#[field({})] ", words.join(", ")),
                };
                let _ = writeln!(body, "        {variant}({words}{}),", ty.rust);
            }
            let head = head_of(&head);
            let _ = write!(
                self.source,
                "    #[mcp_type{head}]\n    #[serde(untagged)]\n    pub enum {name} {{\n{body}    }}\n\n"
            );
            return Some(Ty::new(name));
        }
        match map.get("type").and_then(Value::as_str)? {
            "string" => {
                let values = map.get("enum")?.as_array()?;
                let texts: Option<Vec<_>> = values.iter().map(Value::as_str).collect();
                let texts = texts?;
                let distinct: HashSet<_> = texts.iter().collect();
                if texts.is_empty() || distinct.len() != texts.len() {
                    return None;
                }
                let name = name(self);
                extend_head(&mut head, &map, &["type", "enum"]);
                let mut used = HashSet::new();
                let mut body = String::new();
                let mut variants = BTreeMap::new();
                for text in texts {
                    let variant = pascal(text, &mut used);
                    let _ = writeln!(
                        body,
                        "        #[serde(rename = {text:?})]\n        {variant},"
                    );
                    variants.insert(text.to_owned(), variant);
                }
                let head = head_of(&head);
                let _ = write!(
                    self.source,
                    "    #[mcp_type{head}]\n    pub enum {name} {{\n{body}    }}\n\n"
                );
                Some(Ty {
                    rust: name,
                    words: Vec::new(),
                    variants,
                })
            }
            "object" => {
                let properties = map.get("properties")?.as_object()?.clone();
                let required = match map.get("required") {
                    None => Vec::new(),
                    Some(names) => names
                        .as_array()?
                        .iter()
                        .filter_map(Value::as_str)
                        .collect::<Vec<_>>(),
                };
                if properties.is_empty()
                    || required.iter().any(|name| !properties.contains_key(*name))
                {
                    return None;
                }
                let rest = match map.get("additionalProperties") {
                    None => None,
                    Some(Value::Bool(false)) => {
                        head.push("closed".into());
                        None
                    }
                    Some(Value::Bool(true)) => Some("Map<String, Value>".to_owned()),
                    Some(Value::Object(rest)) if rest.is_empty() => {
                        head.push("extend(\"additionalProperties\" = {})".into());
                        None
                    }
                    Some(Value::Object(rest)) => {
                        let ty = self.of(&rest.clone(), &format!("{hint}_rest"));
                        if !ty.words.is_empty() {
                            return None;
                        }
                        Some(format!("BTreeMap<String, {}>", ty.rust))
                    }
                    Some(_) => return None,
                };
                let name = name(self);
                extend_head(
                    &mut head,
                    &map,
                    &["type", "properties", "required", "additionalProperties"],
                );
                let fields = self.fields(&properties, &required);
                let renamed =
                    fields.iter().all(Field::is_camel) && fields.iter().any(Field::needs_rename);
                let mut body: String = fields.iter().map(|field| field.member(renamed)).collect();
                if let Some(rest) = rest {
                    let mut used: HashSet<_> = fields.iter().map(|f| f.ident.clone()).collect();
                    let rest_name = snake("rest", &mut used);
                    let _ = write!(
                        body,
                        "        #[serde(flatten)]\n        pub {rest_name}: {rest},\n"
                    );
                }
                let serde = if renamed {
                    "    #[serde(rename_all = \"camelCase\")]\n"
                } else {
                    ""
                };
                let head = head_of(&merged(head));
                let _ = write!(
                    self.source,
                    "    #[mcp_type{head}]\n{serde}    pub struct {name} {{\n{body}    }}\n\n"
                );
                Some(Ty::new(name))
            }
            _ => None,
        }
    }
}
