//! From a schema to a type of Rust, with what must be said beside it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::field::{Field, Ty};
use super::names::{pascal, snake};
use super::rust::tokens;
use super::shape::{references, without_null};
use super::words::{bounds, extended, integer, merged, number, string};

/// The types of one schema.
pub(super) struct Types {
    /// What was written so far.
    pub(super) source: String,
    /// Parts that only the schema itself can say.
    pub(super) verbatim: usize,
    pub(super) names: HashSet<String>,
    definitions: Map<String, Value>,
    shared: BTreeMap<String, String>,
    used: BTreeSet<String>,
    is_output: bool,
}

impl Types {
    pub(super) fn new(root: &Map<String, Value>, is_output: bool) -> Self {
        let definitions = root.get("$defs").and_then(Value::as_object).cloned();
        let mut types = Self {
            source: String::new(),
            verbatim: 0,
            names: HashSet::new(),
            definitions: definitions.unwrap_or_default(),
            shared: BTreeMap::new(),
            used: BTreeSet::new(),
            is_output,
        };
        if types.understands_references(root) {
            let names: Vec<_> = types.definitions.keys().cloned().collect();
            for name in &names {
                let ty = pascal(name, &mut types.names);
                types.shared.insert(name.clone(), ty);
            }
            for name in names {
                types.definition(&name);
            }
        }
        // Those that definitions use are there by them.
        types
    }

    /// Whether every reference goes to a definition whose name can be written.
    pub(super) fn understands_references(&self, root: &Map<String, Value>) -> bool {
        let legal = |name: &str| !name.contains(['/', '~', '%', '#', '"', '\\']);
        self.definitions.keys().all(|name| legal(name))
            && references(&Value::Object(root.clone()))
                .iter()
                .all(|reference| {
                    let name = reference.strip_prefix("#/$defs/");
                    name.is_some_and(|name| self.definitions.contains_key(name))
                })
    }

    /// The types that a tool must name, so that they are published.
    pub(super) fn definitions(&self) -> Vec<String> {
        let unused = self
            .shared
            .iter()
            .filter(|(name, _)| !self.used.contains(*name));
        unused.map(|(_, ty)| ty.clone()).collect()
    }

    /// The type of a whole structured result.
    pub(super) fn output(&mut self, schema: &Map<String, Value>) -> String {
        let mut schema = schema.clone();
        for key in ["$schema", "$defs", "title", "description"] {
            schema.remove(key);
        }
        let ty = self.of(&schema, "output");
        if ty.words.is_empty() {
            return ty.rust;
        }
        self.newtype("OutputValue".into(), &ty, "")
    }

    fn newtype(&mut self, name: String, ty: &Ty, head: &str) -> String {
        let words = match ty.words.as_slice() {
            [] => String::new(),
            words => format!("#[field({})] ", words.join(", ")),
        };
        let rust = &ty.rust;
        let _ = write!(
            self.source,
            "    #[mcp_type{head}]\n    pub struct {name}({words}pub {rust});\n\n"
        );
        name
    }

    /// Writes a definition as a shared type.
    fn definition(&mut self, name: &str) {
        let Some(Value::Object(schema)) = self.definitions.get(name).cloned() else {
            return;
        };
        let ty = self.shared[name].clone();
        let plain = ty == name;
        let shared = if plain {
            "shared".to_owned()
        } else {
            format!("shared = {name:?}")
        };
        if let Some(made) = self.structure(&schema, &ty, Some(&shared)) {
            debug_assert_eq!(made.rust, ty);
            return;
        }
        let inner = self.of(&schema, name);
        self.newtype(ty, &inner, &format!("({shared})"));
    }

    /// The parameters or the fields of an object.
    pub(super) fn fields(
        &mut self,
        properties: &Map<String, Value>,
        required: &[&str],
    ) -> Vec<Field> {
        let mut used = HashSet::new();
        let mut fields = Vec::new();
        for (wire, schema) in properties {
            let ident = snake(wire, &mut used);
            fields.push(self.field(wire, ident, schema, required.contains(&wire.as_str())));
        }
        fields
    }

    fn field(&mut self, wire: &str, ident: String, schema: &Value, required: bool) -> Field {
        let mut map = match schema {
            Value::Object(map) => map.clone(),
            Value::Bool(false) => {
                let mut map = Map::new();
                map.insert("not".into(), Value::Object(Map::new()));
                map
            }
            _ => Map::new(),
        };
        let default = map.shift_remove("default");
        let mut ty = self.of(&map, wire);
        let mut serde = None;
        let mut is_left_out = !required;
        if let Some(default) = default {
            match self.default(&default, &ty) {
                Some((word, rust)) if !required && !self.is_output => {
                    ty.words.push(word);
                    ty.rust = rust;
                    is_left_out = false;
                }
                _ => ty
                    .words
                    .push(format!("extend(\"default\" = {})", tokens(&default))),
            }
        }
        if is_left_out {
            ty.rust = format!("Option<{}>", ty.rust);
            if self.is_output {
                serde = Some("default, skip_serializing_if = \"Option::is_none\"");
            }
        }
        Field {
            wire: wire.to_owned(),
            ident,
            ty: ty.rust,
            words: merged(ty.words),
            serde,
        }
    }

    /// `default = …`, and the type with it.
    fn default(&self, default: &Value, ty: &Ty) -> Option<(String, String)> {
        let rust = ty.rust.clone();
        let word = |value: String| Some((format!("default = {value}"), rust.clone()));
        match default {
            Value::Null if rust == "Value" || rust.starts_with("Nullable<") => word("null".into()),
            Value::Null => Some(("default = null".into(), format!("Option<{rust}>"))),
            Value::Bool(value) if rust == "bool" => word(value.to_string()),
            Value::String(text) if rust == "String" => word(format!("{text:?}")),
            Value::String(text) if !ty.variants.is_empty() => {
                word(format!("{rust}::{}", ty.variants.get(text)?))
            }
            Value::Number(number) => match rust.as_str() {
                "f64" => word(format!("{:?}", number.as_f64()?)),
                "u32" => word(u32::try_from(number.as_u64()?).ok()?.to_string()),
                "i64" | "Integer" => word(number.as_i64()?.to_string()),
                _ => None,
            },
            Value::Array(items) if rust == "Vec<String>" => {
                let all = items
                    .iter()
                    .map(|item| item.as_str().map(|text| format!("{text:?}")));
                let all: Option<Vec<_>> = all.collect();
                word(format!("[{}]", all?.join(", ")))
            }
            Value::Array(items) if items.is_empty() && rust.starts_with("Vec<") => {
                word("[]".into())
            }
            _ => None,
        }
    }

    /// The type of a schema. It always finds one: at worst any value, with the schema word for word beside it.
    pub(super) fn of(&mut self, schema: &Map<String, Value>, hint: &str) -> Ty {
        let mut map = schema.clone();
        map.shift_remove("description");
        let mut words = Vec::new();
        if let Some(title) = map.shift_remove("title") {
            match title.as_str().filter(|t| !t.trim().is_empty()) {
                Some(title) => words.push(format!("title = {title:?}")),
                None => words.push(format!("extend(\"title\" = {})", tokens(&title))),
            }
        }
        if let Some(default) = map.shift_remove("default") {
            words.push(format!("extend(\"default\" = {})", tokens(&default)));
        }
        if let Some(examples) = map
            .get("examples")
            .and_then(Value::as_array)
            .filter(|e| !e.is_empty())
        {
            let examples: Vec<_> = examples.iter().map(tokens).collect();
            words.push(format!("examples({})", examples.join(", ")));
            map.shift_remove("examples");
        }
        let mut ty = match self.known(&map, hint) {
            Some(ty) => ty,
            None => {
                self.verbatim += 1;
                let all: Vec<_> = map
                    .iter()
                    .map(|(k, v)| format!("{k:?} = {}", tokens(v)))
                    .collect();
                Ty::new("Value").with(format!("extend({})", all.join(", ")))
            }
        };
        words.append(&mut ty.words);
        ty.words = merged(words);
        ty
    }

    fn known(&mut self, map: &Map<String, Value>, hint: &str) -> Option<Ty> {
        if let Some(other) = without_null(map) {
            let inner = self.of(&other, hint);
            if inner.rust == "Value" {
                return inner.words.is_empty().then(|| Ty::new("Value"));
            }
            let is_own = inner
                .words
                .iter()
                .all(|word| !word.starts_with("title") && !word.starts_with("extend"));
            return is_own.then(|| Ty {
                rust: format!("Nullable<{}>", inner.rust),
                words: inner.words,
                variants: BTreeMap::new(),
            });
        }
        if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
            let name = reference.strip_prefix("#/$defs/")?;
            let rust = self.shared.get(name)?.clone();
            self.used.insert(name.to_owned());
            let mut rest = map.clone();
            rest.shift_remove("$ref");
            let ty = match self.is_recursive(name) {
                true => Ty::new(format!("Box<{rust}>")),
                false => Ty::new(rust),
            };
            return Some(extended(ty, &rest, &[]));
        }
        if let Some(ty) = self.structure(map, hint, None) {
            return Some(ty);
        }
        if map.contains_key("enum") {
            return None;
        }
        let kind = match map.get("type") {
            None if map.is_empty() => return Some(Ty::new("Value")),
            None if map.len() == 1 && map.contains_key("const") => {
                return Some(
                    Ty::new("Value").with(format!("constant = {}", tokens(&map["const"]))),
                );
            }
            None => return None,
            Some(kind) => kind.as_str()?,
        };
        match kind {
            "string" => Some(string(map)),
            "integer" => Some(integer(map)),
            "number" => Some(number(map)),
            "boolean" => Some(extended(Ty::new("bool"), map, &["type"])),
            "null" => Some(extended(Ty::new("()"), map, &["type"])),
            "array" => self.array(map, hint),
            "object" => self.object(map, hint),
            _ => None,
        }
    }

    fn array(&mut self, map: &Map<String, Value>, hint: &str) -> Option<Ty> {
        let items = match map.get("items")? {
            Value::Object(items) => self.of(items, &format!("{hint}_item")),
            Value::Bool(true) => Ty::new("Value"),
            _ => return None,
        };
        let mut ty = Ty::new(format!("Vec<{}>", items.rust));
        if !items.words.is_empty() {
            ty.words.push(format!("items({})", items.words.join(", ")));
        }
        let mut rest = map.clone();
        ty.words
            .extend(bounds(&mut rest, "length", ["minItems", "maxItems"]));
        if rest.get("uniqueItems") == Some(&Value::Bool(true)) {
            rest.shift_remove("uniqueItems");
            ty.words.push("unique".into());
        }
        Some(extended(ty, &rest, &["type", "items"]))
    }

    /// An object without properties of its own: a map.
    fn object(&mut self, map: &Map<String, Value>, hint: &str) -> Option<Ty> {
        if map
            .get("properties")
            .is_some_and(|p| p.as_object().is_none_or(|p| !p.is_empty()))
        {
            return None;
        }
        let mut rest = map.clone();
        let mut ty = match rest.shift_remove("additionalProperties") {
            None => Ty::new("Object"),
            Some(Value::Bool(true)) => Ty::new("Map<String, Value>"),
            Some(Value::Object(any)) if any.is_empty() => {
                Ty::new("Map<String, Value>").with("extend(\"additionalProperties\" = {})".into())
            }
            Some(Value::Object(values)) => {
                let values = self.of(&values, &format!("{hint}_value"));
                let ty = Ty::new(format!("BTreeMap<String, {}>", values.rust));
                match values.words.as_slice() {
                    [] => ty,
                    words => ty.with(format!("values({})", words.join(", "))),
                }
            }
            Some(_) => return None,
        };
        ty.words.extend(bounds(
            &mut rest,
            "length",
            ["minProperties", "maxProperties"],
        ));
        Some(extended(ty, &rest, &["type"]))
    }

    /// Whether a definition leads back to itself.
    fn is_recursive(&self, name: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![name.to_owned()];
        while let Some(next) = open.pop() {
            for reference in self
                .definitions
                .get(&next)
                .map(references)
                .unwrap_or_default()
            {
                let Some(target) = reference.strip_prefix("#/$defs/") else {
                    continue;
                };
                if target == name {
                    return true;
                }
                if seen.insert(target.to_owned()) {
                    open.push(target.to_owned());
                }
            }
        }
        false
    }
}
