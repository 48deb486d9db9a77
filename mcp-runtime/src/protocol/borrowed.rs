//! Text that is borrowed from the bytes of a message.

use std::borrow::Cow;
use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

/// Reads a text; without an escape in it, it is borrowed.
pub(crate) fn string<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Cow<'de, str>, D::Error> {
    struct Text;
    impl<'de> Visitor<'de> for Text {
        type Value = Cow<'de, str>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }
        fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(text))
        }
        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Cow::Owned(text.to_owned()))
        }
        fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
            Ok(Cow::Owned(text))
        }
    }
    deserializer.deserialize_str(Text)
}

/// The same for a text that may be absent. (serde's own `Option<Cow<str>>` is always owned, which was four allocations of
/// a call.)
pub(super) fn text<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Cow<'a, str>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Borrowed<'a>(#[serde(borrow, deserialize_with = "string")] Cow<'a, str>);
    let text = Option::<Borrowed<'de>>::deserialize(deserializer)?;
    Ok(text.map(|text| text.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_copied_only_where_it_is_escaped() {
        let read = |json| text(&mut serde_json::Deserializer::from_str(json));
        assert!(matches!(
            read(r#""plain""#),
            Ok(Some(Cow::Borrowed("plain")))
        ));
        assert!(matches!(read(r#""a\nb""#), Ok(Some(Cow::Owned(text))) if text == "a\nb"));
        assert!(matches!(read("null"), Ok(None)));
        assert!(read("7").is_err_and(|e| e.to_string().contains("expected a string")));
    }
}
