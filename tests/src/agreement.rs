//! Do the runtime and another validator judge the same calls in the same way?
//!
//! Calls are made up from a tool's published schema: most are as it wants them, many miss it by a little. Each is
//! judged twice, by the `jsonschema` crate (on what the runtime sees once it has read `"12"` as a number) and by the
//! runtime itself.

use mcp_runtime::testing::{TestClient, ToolAnswer};
use serde_json::{Map, Number, Value, json};

/// How the calls of one tool went.
#[derive(Debug, Default)]
pub struct Agreement {
    /// Calls that both let through.
    pub accepted: usize,
    /// Calls that both refused.
    pub refused: usize,
    /// Calls on which they differ, each in words.
    pub disagreements: Vec<String>,
}

/// Judges `count` calls of a tool, as `tools/list` shows it. `passed` tells an answer of the function itself from a
/// refusal of its arguments.
///
/// # Errors
/// The schema cannot be judged at all, or the server is gone.
pub async fn of(
    client: &mut TestClient,
    tool: &Value,
    count: usize,
    passed: fn(&ToolAnswer) -> bool,
) -> Result<Agreement, String> {
    let name = tool["name"].as_str().unwrap_or_default();
    let schema = &tool["inputSchema"];
    let theirs = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .build(schema)
        .map_err(|error| format!("`{name}`: {error}"))?;
    let mut sampler = Sampler {
        root: schema,
        random: Random::seeded(name),
    };
    let mut agreement = Agreement::default();
    for _ in 0..count {
        let sent = sampler.arguments();
        let seen = client.coerced(name, sent.clone()).unwrap_or_default();
        let valid = theirs.is_valid(&seen);
        let answer = client.call(name, sent.clone()).await;
        let answer = answer.map_err(|error| format!("`{name}` {sent}: {error:?}"))?;
        match (valid, passed(&answer)) {
            (true, true) => agreement.accepted += 1,
            (false, false) => agreement.refused += 1,
            (true, false) => agreement.disagreements.push(format!(
                "`{name}` refuses what its schema allows, {sent}: {}",
                answer.text()
            )),
            (false, true) => agreement.disagreements.push(format!(
                "`{name}` lets through what its schema forbids, {sent}"
            )),
        }
    }
    Ok(agreement)
}

/// SplitMix64: the same calls at each run, whatever the version of a crate.
struct Random(u64);

impl Random {
    fn seeded(text: &str) -> Self {
        let fold = |seed: u64, byte: u8| (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self(text.bytes().fold(0xcbf2_9ce4_8422_2325, fold))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `n`.
    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n.max(1) as u64).unwrap_or(0)
    }

    /// Once in `n` times.
    fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let at = self.below(from.len());
        from.get(at)
    }
}

/// Makes values up from a schema.
struct Sampler<'s> {
    root: &'s Value,
    random: Random,
}

const DEEPEST: usize = 8;

impl Sampler<'_> {
    fn arguments(&mut self) -> Value {
        match self.typed(self.root, 0) {
            Value::Object(map) => Value::Object(map),
            _ => json!({}),
        }
    }

    fn value(&mut self, schema: &Value, depth: usize) -> Value {
        if depth > DEEPEST || self.random.once_in(14) {
            return self.anything();
        }
        let value = self.typed(schema, depth);
        // Clients send all kinds of things as text.
        if !value.is_string() && self.random.once_in(12) {
            return Value::String(value.to_string());
        }
        value
    }

    fn anything(&mut self) -> Value {
        let all = [
            json!(null),
            json!(true),
            json!(0),
            json!(-1),
            json!(6.0),
            json!(6.5),
            json!(1e300),
            json!(u64::MAX),
            json!(""),
            json!("text"),
            json!("12"),
            json!("true"),
            json!("null"),
            json!("[1]"),
            json!("{\"a\": 1}"),
            json!([]),
            json!([null, 1, "a"]),
            json!({}),
            json!({"type": "text", "a": [1]}),
        ];
        self.random.pick(&all).cloned().unwrap_or_default()
    }

    fn typed(&mut self, schema: &Value, depth: usize) -> Value {
        let Some(map) = schema.as_object() else {
            return self.anything();
        };
        if let Some(only) = map.get("const") {
            return only.clone();
        }
        if let Some(values) = map.get("enum").and_then(Value::as_array) {
            return self.random.pick(values).cloned().unwrap_or_default();
        }
        if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
            let target = reference
                .strip_prefix('#')
                .and_then(|p| self.root.pointer(p));
            return match target {
                Some(target) => self.value(&target.clone(), depth + 1),
                None => self.anything(),
            };
        }
        for key in ["anyOf", "oneOf", "allOf"] {
            // Beside properties, they are about those.
            if !map.contains_key("properties")
                && let Some(branches) = map.get(key).and_then(Value::as_array)
                && let Some(branch) = self.random.pick(branches)
            {
                return self.value(branch, depth + 1);
            }
        }
        let kind = match map.get("type") {
            Some(Value::Array(kinds)) => self.random.pick(kinds).and_then(Value::as_str),
            Some(kind) => kind.as_str(),
            None if map.contains_key("properties") => Some("object"),
            None => None,
        };
        match kind {
            Some("string") => self.string(map),
            Some("integer") => self.number(map, true),
            Some("number") => self.number(map, false),
            Some("boolean") => json!(self.random.once_in(2)),
            Some("array") => self.array(map, depth),
            Some("object") => self.object(map, depth),
            Some("null") => Value::Null,
            _ => self.anything(),
        }
    }

    fn string(&mut self, map: &Map<String, Value>) -> Value {
        let examples = map.get("examples").and_then(Value::as_array);
        if let Some(examples) = examples
            && self.random.once_in(2)
        {
            return self.random.pick(examples).cloned().unwrap_or_default();
        }
        let samples: &[&str] = match map.get("format").and_then(Value::as_str) {
            Some("uuid") => &[
                "00000000-0000-4000-8000-000000000000",
                "ABCDEF01-2345-6789-abcd-ef0123456789",
                "0000",
            ],
            Some("uri") => &[
                "https://example.com/a?b=c#d",
                "mailto:a@example.com",
                "urn:isbn:1",
                "no uri",
                "/path",
            ],
            Some("email") => &["a@example.com", "a.b+c@example.com", "a@", "nobody"],
            Some("date") => &["2026-11-25", "2024-02-29", "2023-02-29", "25.11.2026"],
            Some("date-time") => &[
                "2026-11-25T10:00:00Z",
                "2026-11-25T10:00:00+01:00",
                "2026-11-25",
            ],
            Some("time") => &["10:00:00Z", "10:00:00+01:00", "25:00:00Z", "ten"],
            Some("ipv4") => &["127.0.0.1", "127.0.0.256", "::1"],
            Some("ipv6") => &["::1", "fe80::1", "127.0.0.1", "::g"],
            Some("hostname") => &["example.com", "a-b.test", "-a.test"],
            Some("regex") => &["^a+$", "("],
            _ => &[
                "",
                "a",
                "text",
                "äöü",
                "12",
                "abc-1",
                "A longer text, with words.",
                "user@example.com",
                "{}",
                "en",
                "A-101",
                "ABC",
            ],
        };
        let mut text = (*self.random.pick(samples).unwrap_or(&"")).to_owned();
        for (key, off) in [("minLength", true), ("maxLength", false)] {
            let end = map.get(key).and_then(Value::as_u64);
            if let Some(end) = end.filter(|end| *end < 10_000)
                && self.random.once_in(3)
            {
                let mut length = usize::try_from(end).unwrap_or(0);
                if self.random.once_in(4) {
                    length = if off {
                        length.saturating_sub(1)
                    } else {
                        length + 1
                    };
                }
                text = "äb1".chars().cycle().take(length).collect();
            }
        }
        json!(text)
    }

    fn number(&mut self, map: &Map<String, Value>, whole: bool) -> Value {
        let ends = [
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
            "default",
        ];
        let mut values: Vec<Value> = vec![
            json!(0),
            json!(1),
            json!(7),
            json!(40.0),
            json!(1000),
            json!(-3),
        ];
        if !whole || self.random.once_in(10) {
            values.extend([json!(0.5), json!(-1.25), json!(99.9)]);
        }
        for end in ends.iter().filter_map(|key| map.get(*key)) {
            // Twice, for these are the values on which the two might differ.
            for _ in 0..2 {
                values.push(end.clone());
            }
            if let Some(end) = end.as_i64() {
                values.extend([json!(end.saturating_add(1)), json!(end.saturating_sub(1))]);
            } else if let Some(end) = end.as_f64() {
                values.extend(
                    [end + 0.25, end - 0.25]
                        .map(|n| Number::from_f64(n).map_or(Value::Null, Value::Number)),
                );
            }
        }
        self.random.pick(&values).cloned().unwrap_or_default()
    }

    fn array(&mut self, map: &Map<String, Value>, depth: usize) -> Value {
        let count = |key: &str| {
            map.get(key)
                .and_then(Value::as_u64)
                .and_then(|n| usize::try_from(n).ok())
        };
        let least = count("minItems").unwrap_or(0);
        let most = count("maxItems").unwrap_or(least + 3).min(least + 20);
        let mut length = least + self.random.below(most.saturating_sub(least) + 1);
        if self.random.once_in(8) {
            length = if self.random.once_in(2) {
                most + 1
            } else {
                least.saturating_sub(1)
            };
        }
        let prefix = map.get("prefixItems").and_then(Value::as_array);
        let any = json!({});
        let rest = map.get("items").unwrap_or(&any);
        let mut items = Vec::new();
        for i in 0..length {
            let schema = prefix.and_then(|p| p.get(i)).unwrap_or(rest);
            let item = match items.last() {
                Some(last) if self.random.once_in(10) => Value::clone(last),
                _ => self.value(schema, depth + 1),
            };
            items.push(item);
        }
        Value::Array(items)
    }

    fn object(&mut self, map: &Map<String, Value>, depth: usize) -> Value {
        let mut object = Map::new();
        let required = map.get("required").and_then(Value::as_array);
        let is_required = |name: &str| required.is_some_and(|r| r.iter().any(|n| n == name));
        for (name, schema) in map
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let sent = if is_required(name) {
                !self.random.once_in(25)
            } else {
                self.random.once_in(2)
            };
            if sent {
                object.insert(name.clone(), self.value(schema, depth + 1));
            }
        }
        let rest = map.get("additionalProperties");
        for name in ["extra", "another one"] {
            let often = if rest.is_some_and(Value::is_object) {
                2
            } else {
                12
            };
            if self.random.once_in(often) {
                let any = json!({});
                let schema = rest.filter(|r| r.is_object()).unwrap_or(&any);
                object.insert(name.to_owned(), self.value(schema, depth + 1));
            }
        }
        Value::Object(object)
    }
}
