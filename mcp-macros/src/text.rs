//! Words: the nearest legal one, the cases of names, JSON strings.

/// The word that a typo was most likely meant to be.
pub(crate) fn nearest<'a>(typo: &str, legal: &[&'a str]) -> Option<&'a str> {
    let (distance, word) = legal
        .iter()
        .map(|word| (distance(typo, word), *word))
        .min()?;
    // Among the shortest words almost everything is near.
    let allowed = if typo.len() < 4 {
        0
    } else {
        1 + word.len().max(typo.len()) / 4
    };
    (distance <= allowed).then_some(word)
}

/// How many letters must be changed, added or left out (Levenshtein), whatever their case.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// "`a`, `b` and `c`".
pub(crate) fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|w| format!("`{w}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// How names of parameters are written on the wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Case {
    #[default]
    AsWritten,
    Camel,
    Pascal,
    Kebab,
    ScreamingSnake,
}

impl Case {
    /// The names of the cases, as serde has them.
    pub(crate) const NAMES: &[&str] = &[
        "camelCase",
        "PascalCase",
        "kebab-case",
        "snake_case",
        "SCREAMING_SNAKE_CASE",
    ];

    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Some(match name {
            "camelCase" => Self::Camel,
            "PascalCase" => Self::Pascal,
            "kebab-case" => Self::Kebab,
            "snake_case" => Self::AsWritten,
            "SCREAMING_SNAKE_CASE" => Self::ScreamingSnake,
            _ => return None,
        })
    }

    /// A `snake_case` name in this case.
    pub(crate) fn apply(self, name: &str) -> String {
        match self {
            Self::AsWritten => name.to_owned(),
            Self::Kebab => name.replace('_', "-"),
            Self::ScreamingSnake => name.to_uppercase(),
            Self::Camel | Self::Pascal => {
                let mut raise = self == Self::Pascal;
                let mut out = String::with_capacity(name.len());
                for c in name.chars() {
                    match c {
                        '_' if !out.is_empty() => raise = true,
                        _ if raise => {
                            out.extend(c.to_uppercase());
                            raise = false;
                        }
                        _ => out.push(c),
                    }
                }
                out
            }
        }
    }
}

/// The text as a JSON string.
pub(crate) fn json_string(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c < ' ' => {
                // Writing to a `String` cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_finds_its_word_and_nonsense_does_not() {
        let legal = ["name", "title", "description", "read_only"];
        assert_eq!(nearest("titel", &legal), Some("title"));
        assert_eq!(nearest("readOnly", &legal), Some("read_only"));
        assert_eq!(nearest("desc", &["description"]), None);
        assert_eq!(nearest("frobnicate", &legal), None);
    }

    #[test]
    fn cases() {
        assert_eq!(Case::Camel.apply("max_item_count"), "maxItemCount");
        assert_eq!(Case::Camel.apply("_private_name"), "_privateName");
        assert_eq!(Case::Pascal.apply("max_items"), "MaxItems");
        assert_eq!(Case::Kebab.apply("max_items"), "max-items");
    }

    #[test]
    fn json_strings_escape_what_json_forbids() {
        assert_eq!(
            json_string("a\"b\\c\nd\u{e9}"),
            "\"a\\\"b\\\\c\\u000ad\u{e9}\""
        );
    }

    #[test]
    fn lists_read_as_english() {
        assert_eq!(list(&["a"]), "`a`");
        assert_eq!(list(&["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
