//! A schema as the comparison sees it: through references, and through `anyOf [X, null]`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::normal::{is_null, type_of};

/// A chain of references longer than this goes in a circle.
const MAX_HOPS: usize = 64;

/// One schema, looked through.
pub(super) struct View<'d> {
    /// What asserts; empty for a boolean schema.
    node: Option<&'d Map<String, Value>>,
    /// What stood around it: references with their siblings, from the outside in.
    outer: Vec<&'d Map<String, Value>>,
    /// Whether `null` is let through besides.
    nullable: bool,
    /// `false`: nothing is let through.
    never: bool,
}

impl<'d> View<'d> {
    pub(super) fn of(root: &'d Value, schema: &'d Value) -> Self {
        let mut view = Self {
            node: None,
            outer: Vec::new(),
            nullable: false,
            never: schema == &Value::Bool(false),
        };
        let mut schema = schema;
        for _ in 0..MAX_HOPS {
            let Value::Object(map) = schema else {
                view.never |= schema == &Value::Bool(false);
                return view;
            };
            let inner = map
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|reference| resolve(root, reference))
                .or_else(|| but_null(map));
            match inner {
                Some(inner) => {
                    view.nullable |= but_null(map).is_some() && !map.contains_key("$ref");
                    view.outer.push(map);
                    schema = inner;
                }
                None => {
                    view.node = Some(map);
                    return view;
                }
            }
        }
        view
    }

    /// What a keyword that asserts says.
    pub(super) fn get(&self, key: &str) -> Option<&'d Value> {
        let node = self.node.and_then(|node| node.get(key));
        node.or_else(|| {
            let skipped = matches!(key, "$ref" | "anyOf" | "oneOf");
            let mut outer = self.outer.iter().rev();
            outer.find_map(|map| map.get(key)).filter(|_| !skipped)
        })
    }

    /// What a keyword that tells something says: what stands nearest to the use wins.
    pub(super) fn told(&self, key: &str) -> Option<&'d Value> {
        let mut maps = self.outer.iter().copied().chain(self.node);
        maps.find_map(|map| map.get(key))
    }

    /// All keywords.
    pub(super) fn keys(&self) -> BTreeSet<&'d str> {
        let outer = self.outer.iter().flat_map(|map| map.keys());
        let outer = outer.filter(|k| !matches!(k.as_str(), "$ref" | "anyOf" | "oneOf"));
        let node = self.node.into_iter().flat_map(Map::keys);
        outer.chain(node).map(String::as_str).collect()
    }

    /// Whether a keyword asserts on both sides of a reference: the two add up, which nothing here does.
    pub(super) fn adds_up(&self) -> bool {
        let asserted = |key: &&String| {
            !super::super::normal::is_prose(key)
                && !matches!(
                    key.as_str(),
                    "$ref" | "$defs" | "$schema" | "default" | "anyOf" | "oneOf" | "type"
                )
        };
        let keys = |map: &&'d Map<String, Value>| map.keys().filter(asserted).collect::<Vec<_>>();
        let mut seen = BTreeSet::new();
        let maps = self.outer.iter().copied().chain(self.node);
        maps.flat_map(|map| keys(&map)).any(|key| !seen.insert(key))
    }

    /// The types that are let through; `None` is any.
    pub(super) fn types(&self) -> Option<BTreeSet<&'d str>> {
        if self.never {
            return Some(BTreeSet::new());
        }
        let types = match self.get("type")? {
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect::<BTreeSet<_>>(),
        };
        Some(
            types
                .into_iter()
                .chain(self.nullable.then_some("null"))
                .collect(),
        )
    }

    /// Whether values of this type are let through.
    pub(super) fn may_be(&self, types: &[&str]) -> bool {
        self.types()
            .is_none_or(|own| types.iter().any(|t| own.contains(t)))
    }

    /// The values of an `enum`.
    pub(super) fn values(&self) -> Option<Vec<&'d Value>> {
        static NULL: Value = Value::Null;
        let mut values: Vec<&Value> = self.get("enum")?.as_array()?.iter().collect();
        if self.nullable && !values.contains(&&NULL) {
            values.push(&NULL);
        }
        Some(values)
    }

    /// The alternatives, with their keyword.
    pub(super) fn alternatives(&self) -> Option<(&'static str, &'d [Value])> {
        ["anyOf", "oneOf"].into_iter().find_map(|key| {
            let branches = self.node?.get(key)?.as_array()?;
            Some((key, branches.as_slice()))
        })
    }

    /// The names of an object's properties, in the order of the source, with their schemas.
    pub(super) fn properties(&self) -> Vec<(&'d str, Option<&'d Value>)> {
        let named = self.get("properties").and_then(Value::as_object);
        let mut all: Vec<(&str, Option<&Value>)> = named
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.as_str(), Some(schema)))
            .collect();
        for name in self.required() {
            if named.is_none_or(|n| !n.contains_key(name)) {
                all.push((name, None));
            }
        }
        all
    }

    pub(super) fn required(&self) -> BTreeSet<&'d str> {
        let list = self.get("required").and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    /// Whether other properties than the named ones are refused.
    pub(super) fn is_closed(&self) -> bool {
        ["additionalProperties", "unevaluatedProperties"]
            .iter()
            .any(|key| self.get(key) == Some(&Value::Bool(false)))
    }

    /// What tells this alternative from the others: its type, for an object the constant of this property.
    pub(super) fn kind(&self, discriminator: Option<&str>) -> Option<String> {
        if let Some(values) = self.values() {
            let words = values.iter().map(|v| v.to_string());
            return Some(words.collect::<Vec<_>>().join("|"));
        }
        let types: Vec<&str> = self.types()?.into_iter().collect();
        let types = types.join("|");
        if types != "object" {
            return Some(types);
        }
        match discriminator {
            Some(name) => self.constant(name).map(|c| format!("object {name}={c}")),
            None => Some(types),
        }
    }

    /// The one value that a required property can have.
    pub(super) fn constant(&self, name: &str) -> Option<&'d Value> {
        let property = self.get("properties")?.get(name)?;
        let [only] = property.get("enum")?.as_array()?.as_slice() else {
            return None;
        };
        self.required().contains(name).then_some(only)
    }
}

/// The `X` of `anyOf [X, null]`.
fn but_null(map: &Map<String, Value>) -> Option<&Value> {
    let branches = map.get("anyOf").or_else(|| map.get("oneOf"))?.as_array()?;
    let mut others = branches.iter().filter(|b| !is_null(b));
    match (others.next(), others.next(), branches.len()) {
        (Some(only), None, 2) => Some(only),
        _ => None,
    }
}

/// Where a reference within the document leads.
fn resolve<'d>(root: &'d Value, reference: &str) -> Option<&'d Value> {
    let pointer = reference.strip_prefix('#')?;
    root.pointer(pointer)
}

/// Whether all that `b` lets through is let through by `a`.
pub(super) fn covers(a: &BTreeSet<&str>, b: &BTreeSet<&str>) -> bool {
    b.iter()
        .all(|t| a.contains(t) || (*t == "integer" && a.contains("number")))
}

/// `"a"`, `3` or `a string`, for messages.
pub(in super::super) fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 60 {
        return format!("{} of {} bytes", type_of(value), text.len());
    }
    text
}
