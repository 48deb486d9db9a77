//! The YAML at the head of a `SKILL.md`, as the JSON object that an entry shows.
//!
//! Scalars resolve by the core schema of YAML 1.2 (§10.3.2), as the clients do that compare the two. What JSON has no
//! word for is refused: anchors, tags, keys that are no scalars, `.inf` and `.nan`.

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::{Map, Number, Value};

/// How deep lists and maps may nest.
const DEPTH: usize = 32;

/// Reads the frontmatter of a whole `SKILL.md`.
///
/// # Errors
/// What is wrong, with the line where there is one.
pub(super) fn parse(text: &str) -> Result<Map<String, Value>, String> {
    let (yaml, first_line) = cut(text)?;
    let mut reader = Reader {
        parser: Parser::new_from_str(yaml),
        first_line,
    };
    match reader.document()? {
        Value::Object(map) => Ok(map),
        _ => Err("the frontmatter must be a map of fields such as `name: my-skill`".into()),
    }
}

/// What stands between the two lines `---`, and the number of its first line.
fn cut(text: &str) -> Result<(&str, usize), String> {
    const MISSING: &str =
        "it must begin with frontmatter: a line `---`, the fields, and another line `---`";
    if text.starts_with('\u{feff}') {
        return Err("it begins with a byte order mark: save it as plain UTF-8".into());
    }
    let is_fence = |line: &str| line.trim_end() == "---";
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().filter(|line| is_fence(line)).ok_or(MISSING)?;
    let start = first.len();
    let mut end = start;
    for line in lines {
        if is_fence(line) {
            return Ok((&text[start..end], 2));
        }
        end += line.len();
    }
    Err("its frontmatter does not end: a second line `---` is missing".into())
}

struct Reader<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    first_line: usize,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Value, String> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(root.unwrap_or(Value::Null)),
                Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd => {}
                _ if root.is_some() => {
                    return Err(self.at(span, "a second document begins here"));
                }
                event => root = Some(self.value(event, span, 0)?),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), String> {
        match self.parser.next() {
            Some(Ok(found)) => Ok(found),
            Some(Err(error)) => Err(self.line(error.marker().line(), error.info())),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn value(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Value, String> {
        if depth > DEPTH {
            return Err(self.at(span, "lists and maps nest too deeply"));
        }
        match event {
            Event::Scalar(text, style, 0, tag) => {
                let plain = style == ScalarStyle::Plain && !self.is_string(span, tag.as_deref())?;
                if plain {
                    resolve(&text).map_err(|what| self.at(span, what))
                } else {
                    Ok(Value::String(text.into_owned()))
                }
            }
            Event::SequenceStart(0, None) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => return Ok(Value::Array(items)),
                        (event, span) => items.push(self.value(event, span, depth + 1)?),
                    }
                }
            }
            Event::MappingStart(0, None) => self.map(depth).map(Value::Object),
            Event::SequenceStart(_, Some(_)) | Event::MappingStart(_, Some(_)) => {
                Err(self.at(span, "a tag such as `!name` has no meaning here"))
            }
            _ => Err(self.at(
                span,
                "an anchor (`&name`) or alias (`*name`) cannot stand here: write the value out",
            )),
        }
    }

    fn map(&mut self, depth: usize) -> Result<Map<String, Value>, String> {
        let mut map = Map::new();
        loop {
            let (event, span) = self.next()?;
            let key = match event {
                Event::MappingEnd => return Ok(map),
                Event::Scalar(text, _, 0, None) => text.into_owned(),
                _ => return Err(self.at(span, "a key must be plain text")),
            };
            let (event, value_span) = self.next()?;
            let value = self.value(event, value_span, depth + 1)?;
            if map.insert(key.clone(), value).is_some() {
                return Err(self.at(span, &format!("`{key}` is there twice")));
            }
        }
    }

    /// Whether a tag says that a scalar is text; other tags are refused.
    fn is_string(&self, span: Span, tag: Option<&Tag>) -> Result<bool, String> {
        match tag {
            None => Ok(false),
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => Ok(true),
            Some(_) => Err(self.at(span, "a tag such as `!name` has no meaning here")),
        }
    }

    fn at(&self, span: Span, what: &str) -> String {
        self.line(span.start.line(), what)
    }

    fn line(&self, line: usize, what: &str) -> String {
        format!("line {}: {what}", self.first_line + line.max(1) - 1)
    }
}

/// A plain scalar by the core schema.
fn resolve(text: &str) -> Result<Value, &'static str> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(true.into()),
        "false" | "False" | "FALSE" => return Ok(false.into()),
        _ => {}
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(digits, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return Err("JSON has no such number: put it in quotes");
    }
    Ok(number(text, digits).map_or_else(|| text.into(), Value::Number))
}

fn number(text: &str, digits: &str) -> Option<Number> {
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(rest) = text.strip_prefix(prefix)
            && !rest.starts_with(['+', '-'])
        {
            return u64::from_str_radix(rest, radix).ok().map(Number::from);
        }
    }
    let all = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !digits.is_empty() && all(digits) {
        let signed = text.strip_prefix('+').unwrap_or(text);
        let whole = signed.parse::<i64>().map(Number::from);
        let whole = whole.or_else(|_| signed.parse::<u64>().map(Number::from));
        return whole.ok().or_else(|| Number::from_f64(text.parse().ok()?));
    }
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_float = all(before)
        && all(after)
        && all(exponent)
        && !exponent.is_empty()
        && !(before.is_empty() && after.is_empty());
    is_float.then(|| text.parse().ok().and_then(Number::from_f64))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(yaml: &str) -> Result<Value, String> {
        parse(&format!("---\n{yaml}---\n# Body\n")).map(Value::Object)
    }

    #[test]
    fn yaml_becomes_json_by_the_core_schema() {
        let yaml = "name: a\n\
            description: >-\n  folded\n  text\n\
            literal: |\n  one\n  two\n\
            metadata: { version: \"1.0\", 'n': 1.0 }\n\
            list:\n  - a # comment\n  - [1, -2, +3]\n\
            words: [yes, no, on, 2024-01-01, 1.2.3, 1_000, 0x, '', e5, .]\n\
            others: [~, null, true, False, 0x1F, 0o17, 1e3, .5, 99999999999999999999]\n\
            text: !!str 12\n\
            empty:\n";
        assert_eq!(
            read(yaml).expect("is YAML"),
            json!({
                "name": "a",
                "description": "folded text",
                "literal": "one\ntwo\n",
                "metadata": { "version": "1.0", "n": 1.0 },
                "list": ["a", [1, -2, 3]],
                "words": ["yes", "no", "on", "2024-01-01", "1.2.3", "1_000", "0x", "", "e5", "."],
                "others": [null, null, true, false, 31, 15, 1000.0, 0.5, 1e20],
                "text": "12",
                "empty": null,
            })
        );
    }

    #[test]
    fn windows_line_endings_are_read() {
        let parsed = parse("---\r\nname: a\r\ndescription: b\r\n---\r\nBody\r\n").expect("is YAML");
        assert_eq!(
            Value::Object(parsed),
            json!({ "name": "a", "description": "b" })
        );
    }

    #[test]
    fn a_mistake_names_its_line() {
        let cases = [
            ("name: a\nname: b\n", "line 3: `name` is there twice"),
            ("a: use when: yes\n", "line 2: "),
            ("a: &x 1\n", "line 2: an anchor"),
            ("a: 1\nb: *x\n", "line 3: "),
            ("a: !secret 1\n", "line 2: a tag"),
            ("a:\n  - .inf\n", "line 3: JSON has no such number"),
            ("[a]: 1\n", "line 2: a key must be plain text"),
            ("- 1\n", "must be a map"),
            ("", "must be a map"),
        ];
        for (yaml, expected) in cases {
            let error = read(yaml).expect_err(yaml);
            assert!(error.contains(expected), "{yaml:?}: {error}");
        }
        let deep = format!("a: {}{}\n", "[".repeat(40), "]".repeat(40));
        assert!(read(&deep).expect_err("deep").contains("too deeply"));
    }

    #[test]
    fn the_two_fences_must_be_there() {
        for (text, expected) in [
            ("# A skill\n", "must begin with frontmatter"),
            ("", "must begin with frontmatter"),
            ("----\nname: a\n---\n", "must begin with frontmatter"),
            ("---\nname: a\n", "does not end"),
            ("\u{feff}---\nname: a\n---\n", "byte order mark"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }
}
