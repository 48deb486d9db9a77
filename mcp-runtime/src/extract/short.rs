//! A text that is mostly short.

use std::ops::Deref;
use std::sync::Arc;

const INLINE: usize = 63;

/// A text that is kept in place up to 63 bytes, which saves an allocation of each call: what a client says of itself.
#[derive(Debug, Clone)]
pub(crate) enum ShortText {
    Short { len: u8, bytes: [u8; INLINE] },
    Long(Arc<str>),
}

impl From<&str> for ShortText {
    fn from(text: &str) -> Self {
        let mut bytes = [0; INLINE];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(place), Ok(len)) => {
                place.copy_from_slice(text.as_bytes());
                Self::Short { len, bytes }
            }
            _ => Self::Long(text.into()),
        }
    }
}

impl Deref for ShortText {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            // It was a text, and is one still.
            Self::Short { len, bytes } => {
                std::str::from_utf8(&bytes[..usize::from(*len)]).unwrap_or_default()
            }
            Self::Long(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_the_same_on_either_side_of_the_bound() {
        for text in [
            "",
            "é",
            &"x".repeat(INLINE),
            &"x".repeat(INLINE + 1),
            &"x".repeat(300),
        ] {
            let short = ShortText::from(text);
            assert_eq!(&*short, text);
            assert_eq!(
                matches!(short, ShortText::Short { .. }),
                text.len() <= INLINE
            );
        }
    }
}
