//! Text that is borrowed from the bytes of a message.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::Visitor;

/// Reads a text that may be absent; without an escape in it, it is borrowed. (serde's own `Option<Cow<str>>` is always
/// owned, which was four allocations of a call.)
pub(super) fn text<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Cow<'a, str>>, D::Error> {
    struct Text;
    impl<'de> Visitor<'de> for Text {
        type Value = Option<Cow<'de, str>>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }
        fn visit_none<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<Self::Value, D::Error> {
            value.deserialize_str(self)
        }
        fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
            Ok(Some(Cow::Borrowed(text)))
        }
        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Some(Cow::Owned(text.to_owned())))
        }
        fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
            Ok(Some(Cow::Owned(text)))
        }
    }
    deserializer.deserialize_option(Text)
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
