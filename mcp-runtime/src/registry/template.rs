//! Resource templates (RFC 6570): which uri belongs to which, and what its variables are.

use regex::Regex;
use serde_json::{Map, Value};

/// A compiled template.
#[derive(Debug)]
pub(super) struct Template {
    regex: Regex,
    variables: Vec<String>,
    query: Vec<String>,
}

impl Template {
    /// Compiles `{var}`, `{+var}`, `{/var}` and, at the end, `{?a,b}`.
    pub(super) fn compile(text: &str) -> Result<Self, String> {
        let mut pattern = String::from("^");
        let (mut variables, mut query) = (Vec::new(), Vec::new());
        let mut rest = text;
        while let Some((literal, tail)) = rest.split_once('{') {
            pattern.push_str(&regex::escape(literal));
            let (expression, after) = tail
                .split_once('}')
                .ok_or_else(|| format!("`{text}` has a `{{` without its `}}`"))?;
            match expression.chars().next() {
                Some('+') => {
                    pattern.push_str("(.+)");
                    variables.push(name(&expression[1..], text)?);
                }
                Some('/') => {
                    pattern.push_str("/([^/?#]+)");
                    variables.push(name(&expression[1..], text)?);
                }
                Some('?') if after.is_empty() => {
                    pattern.push_str(r"(?:\?([^#]*))?");
                    for part in expression[1..].split(',') {
                        query.push(name(part, text)?);
                    }
                }
                _ => {
                    pattern.push_str("([^/?#]+)");
                    variables.push(name(expression, text)?);
                }
            }
            rest = after;
        }
        pattern.push_str(&regex::escape(rest));
        pattern.push('$');
        let regex = Regex::new(&pattern).map_err(|e| e.to_string())?;
        Ok(Self {
            regex,
            variables,
            query,
        })
    }

    /// The variables of a uri, as the JSON object of arguments, if it belongs to this template.
    pub(super) fn matches(&self, uri: &str) -> Option<Map<String, Value>> {
        let captures = self.regex.captures(uri)?;
        let mut arguments = Map::new();
        for (i, variable) in self.variables.iter().enumerate() {
            let value = captures.get(i + 1)?.as_str();
            arguments.insert(variable.clone(), decode(value).into());
        }
        if !self.query.is_empty() {
            let query = captures
                .get(self.variables.len() + 1)
                .map_or("", |m| m.as_str());
            for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
                if self.query.iter().any(|q| *q == key) {
                    arguments.insert(key.into_owned(), value.into_owned().into());
                }
            }
        }
        Some(arguments)
    }
}

fn name(expression: &str, text: &str) -> Result<String, String> {
    let good = !expression.is_empty()
        && expression
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_');
    good.then(|| expression.to_owned()).ok_or_else(|| {
        format!("`{{{expression}}}` in `{text}` is not supported: use {{var}}, {{+var}}, {{/var}} or, at the end, {{?a,b}}")
    })
}

/// Percent-decoding; what is no valid UTF-8 afterwards stays as it was.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = (bytes[i] == b'%').then(|| text.get(i + 1..i + 3)).flatten();
        if let Some(byte) = hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            out.push(byte);
            i += 3;
        } else {
            out.push(bytes[i]);
            i += 1;
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn variables(template: &str, uri: &str) -> Option<Value> {
        Template::compile(template)
            .expect("compiles")
            .matches(uri)
            .map(Value::Object)
    }

    #[test]
    fn variables_are_read_back() {
        assert_eq!(
            variables("t://{id}/data", "t://a%20b/data"),
            Some(json!({"id": "a b"}))
        );
        assert_eq!(variables("t://{id}/data", "t://a/b/data"), None);
        assert_eq!(
            variables("f:///{+path}", "f:///a/b"),
            Some(json!({"path": "a/b"}))
        );
        assert_eq!(
            variables("s://x{?q,n}", "s://x?n=2&q=a+b&z=1"),
            Some(json!({"n": "2", "q": "a b"}))
        );
        assert_eq!(variables("s://x{?q}", "s://x"), Some(json!({})));
        assert_eq!(variables("a.b://{x}", "aXb://1"), None);
    }

    #[test]
    fn what_cannot_be_matched_is_refused() {
        for bad in ["t://{", "t://{a,b}", "t://{a*}", "t://{}"] {
            assert!(Template::compile(bad).is_err(), "{bad}");
        }
    }
}
