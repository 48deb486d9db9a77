//! JSON text as a value, read as far as somebody asks (RFC 8259): a build pays for no JSON library.

use crate::check::json;

/// A value, as its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Json<'t>(&'t str);

impl<'t> Json<'t> {
    /// The value of a whole text; or the byte at which it goes wrong.
    pub(super) fn read(text: &'t str) -> Result<Self, usize> {
        json::root(text)?;
        Ok(Self(text.trim_matches([' ', '\t', '\r', '\n'])))
    }

    /// The entries of an object, with their names as they are meant; none if it is no object.
    pub(super) fn entries(self) -> Vec<(String, Json<'t>)> {
        let entries = json::root(self.0).unwrap_or_default().into_iter();
        entries
            .filter_map(|(key, value)| Some((Json(key).text()?, Json(value))))
            .collect()
    }

    pub(super) fn get(self, name: &str) -> Option<Json<'t>> {
        let entries = json::root(self.0).ok()?;
        let mut found = entries
            .into_iter()
            .filter(|(key, _)| Json(key).text().as_deref() == Some(name));
        found.next().map(|(_, value)| Json(value))
    }

    /// The items of a list; none if it is no list.
    pub(super) fn items(self) -> Vec<Json<'t>> {
        json::items(self.0)
            .unwrap_or_default()
            .into_iter()
            .map(Json)
            .collect()
    }

    pub(super) fn is_list(self) -> bool {
        self.0.starts_with('[')
    }

    pub(super) fn is_false(self) -> bool {
        self.0 == "false"
    }

    pub(super) fn as_written(self) -> &'t str {
        self.0
    }

    pub(super) fn integer(self) -> Option<i128> {
        self.0.parse().ok()
    }

    pub(super) fn number(self) -> Option<f64> {
        let is_number = self.0.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        is_number.then(|| self.0.parse().ok()).flatten()
    }

    /// The text of a string, without its escapes.
    pub(super) fn text(self) -> Option<String> {
        let inside = self.0.strip_prefix('"')?.strip_suffix('"')?;
        if !inside.contains('\\') {
            return Some(inside.to_owned());
        }
        // As UTF-16, for an escape may be half of a pair.
        let mut units: Vec<u16> = Vec::new();
        let mut chars = inside.chars();
        while let Some(c) = chars.next() {
            if c != '\\' {
                units.extend(c.encode_utf16(&mut [0; 2]).iter());
                continue;
            }
            let plain = match chars.next()? {
                'u' => {
                    let hex: String = chars.by_ref().take(4).collect();
                    units.push(u16::from_str_radix(&hex, 16).ok()?);
                    continue;
                }
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                other => other,
            };
            units.extend(plain.encode_utf16(&mut [0; 2]).iter());
        }
        Some(String::from_utf16_lossy(&units))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_names() {
        let json = Json::read(" {\"a\": [1, \"x\\n\\u00e4\\ud83d\\ude00\"], \"b\\\"\": -2.5e1} ")
            .expect("JSON");
        let items = json.get("a").expect("there").items();
        assert_eq!(
            (items[0].integer(), items[1].text().as_deref()),
            (Some(1), Some("x\nä😀"))
        );
        assert_eq!(json.get("b\"").and_then(Json::number), Some(-25.0));
        assert_eq!(json.get("c"), None);
        assert_eq!(Json::read("{\"a\": }"), Err(6));
    }
}
