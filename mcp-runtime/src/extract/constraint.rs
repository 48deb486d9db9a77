//! The typed checks behind `#[arg(range, length, pattern, format)]`: a few compares on the value itself.
//!
//! They decide only yes or no. A no sends the call down the slow path, where the validator words every problem.
//!
//! The impls are not recommended: a list of them all makes the compiler's message no clearer.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::OnceLock;

use super::Text;
use crate::schema::{Integer, Nullable, Object, is_valid};

/// Bounds of a floating-point argument.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The least value.
    pub min: Option<f64>,
    /// The greatest value.
    pub max: Option<f64>,
    /// Whether `min` itself is excluded.
    pub exclusive_min: bool,
    /// Whether `max` itself is excluded.
    pub exclusive_max: bool,
}

/// A number, or an `Option` of one: what `range` can be put on.
#[diagnostic::on_unimplemented(
    message = "`range` needs a number, and `{Self}` is none",
    label = "this argument has a `range`",
    note = "for strings and lists there is `length(…)`"
)]
pub trait Ranged {
    /// Whether the value lies within these whole numbers, both included.
    fn within_int(&self, min: Option<i128>, max: Option<i128>) -> bool;
    /// Whether the value lies within these bounds.
    fn within(&self, bounds: Bounds) -> bool;
}

macro_rules! ranged_int {
    ($($ty:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Ranged for $ty {
            #[inline]
            #[allow(clippy::cast_lossless, clippy::cast_possible_wrap)]
            fn within_int(&self, min: Option<i128>, max: Option<i128>) -> bool {
                let value = *self as i128;
                min.is_none_or(|m| value >= m) && max.is_none_or(|m| value <= m)
            }
            #[inline]
            #[allow(clippy::cast_lossless, clippy::cast_precision_loss)]
            fn within(&self, bounds: Bounds) -> bool {
                (*self as f64).within(bounds)
            }
        }
    )*};
}
ranged_int!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize);

macro_rules! ranged_float {
    ($($ty:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Ranged for $ty {
            #[inline]
            #[allow(clippy::cast_precision_loss)]
            fn within_int(&self, min: Option<i128>, max: Option<i128>) -> bool {
                self.within(Bounds {
                    min: min.map(|m| m as f64),
                    max: max.map(|m| m as f64),
                    exclusive_min: false,
                    exclusive_max: false,
                })
            }
            #[inline]
            fn within(&self, b: Bounds) -> bool {
                // In the type itself: the 0.1 of an `f32` is greater than that of an `f64`.
                #[allow(clippy::cast_possible_truncation)]
                let (value, bound) = (*self, |m: f64| m as $ty);
                b.min.is_none_or(|m| if b.exclusive_min { value > bound(m) } else { value >= bound(m) })
                    && b.max.is_none_or(|m| if b.exclusive_max { value < bound(m) } else { value <= bound(m) })
            }
        }
    )*};
}
ranged_float!(f32 f64);

#[diagnostic::do_not_recommend]
impl Ranged for Integer {
    fn within_int(&self, min: Option<i128>, max: Option<i128>) -> bool {
        let value = self.saturated();
        min.is_none_or(|m| value >= m) && max.is_none_or(|m| value <= m)
    }
    fn within(&self, bounds: Bounds) -> bool {
        self.as_f64().within(bounds)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Ranged> Ranged for Nullable<T> {
    fn within_int(&self, min: Option<i128>, max: Option<i128>) -> bool {
        self.0.within_int(min, max)
    }
    fn within(&self, bounds: Bounds) -> bool {
        self.0.within(bounds)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Ranged> Ranged for Option<T> {
    fn within_int(&self, min: Option<i128>, max: Option<i128>) -> bool {
        self.as_ref().is_none_or(|v| v.within_int(min, max))
    }
    fn within(&self, bounds: Bounds) -> bool {
        self.as_ref().is_none_or(|v| v.within(bounds))
    }
}

/// A string (counted in characters), a list or a map: what `length` can be put on.
#[diagnostic::on_unimplemented(
    message = "`length` needs a string, a list or a map, and `{Self}` is none",
    label = "this argument has a `length`",
    note = "for numbers there is `range(…)`"
)]
pub trait Lengthy {
    /// Characters, items or entries; `None` where there is no value.
    fn length(&self) -> Option<usize>;
    /// Whether the length lies within these bounds, both included.
    fn has_length(&self, min: Option<usize>, max: Option<usize>) -> bool {
        self.length()
            .is_none_or(|n| min.is_none_or(|m| n >= m) && max.is_none_or(|m| n <= m))
    }
}

macro_rules! lengthy {
    ($([$($generics:tt)*] $ty:ty => |$v:ident| $len:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Lengthy for $ty {
            fn length(&self) -> Option<usize> {
                let $v = self;
                Some($len)
            }
        }
    )*};
}
lengthy! {
    [] str => |v| v.chars().count();
    [] String => |v| v.chars().count();
    [] Text<'_> => |v| v.chars().count();
    [] Cow<'_, str> => |v| v.chars().count();
    [T] Vec<T> => |v| v.len();
    [T] [T] => |v| v.len();
    [T, S] HashSet<T, S> => |v| v.len();
    [T] BTreeSet<T> => |v| v.len();
    [K, V, S] HashMap<K, V, S> => |v| v.len();
    [K, V] BTreeMap<K, V> => |v| v.len();
    [] serde_json::Map<String, serde_json::Value> => |v| v.len();
    [] Object => |v| v.0.len();
}

#[diagnostic::do_not_recommend]
impl<T: Lengthy> Lengthy for Nullable<T> {
    fn length(&self) -> Option<usize> {
        self.0.length()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Lengthy> Lengthy for Option<T> {
    fn length(&self) -> Option<usize> {
        self.as_ref().and_then(Lengthy::length)
    }
}

/// A pattern, compiled at first use. The macro has already checked that it compiles.
#[derive(Debug)]
pub struct Pattern {
    source: &'static str,
    regex: OnceLock<Option<regex::Regex>>,
}

impl Pattern {
    /// The pattern with this source.
    pub const fn new(source: &'static str) -> Self {
        Self {
            source,
            regex: OnceLock::new(),
        }
    }

    /// Whether the text has a match. JSON Schema patterns are not anchored.
    pub fn is_match(&self, text: &str) -> bool {
        let regex = self
            .regex
            .get_or_init(|| regex::Regex::new(self.source).ok());
        // A hand-written pattern that does not compile is refused by the validator at start-up.
        regex.as_ref().is_some_and(|r| r.is_match(text))
    }
}

/// A string, or an `Option` of one: what `pattern` and `format` can be put on.
#[diagnostic::on_unimplemented(
    message = "`pattern` and `format` need a string, and `{Self}` is none",
    label = "this argument is bounded as a string"
)]
pub trait Textual {
    /// The text; `None` where there is no value.
    fn text(&self) -> Option<&str>;
    /// Whether the text has a match.
    fn matches(&self, pattern: &Pattern) -> bool {
        self.text().is_none_or(|text| pattern.is_match(text))
    }
    /// Whether the text is a valid instance of the format.
    fn has_format(&self, format: &str) -> bool {
        self.text().is_none_or(|text| is_valid(format, text))
    }
}

macro_rules! textual {
    ($($ty:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Textual for $ty {
            fn text(&self) -> Option<&str> {
                Some(self)
            }
        }
    )*};
}
textual!(str String Text<'_> Cow<'_, str>);

#[diagnostic::do_not_recommend]
impl<T: Textual> Textual for Nullable<T> {
    fn text(&self) -> Option<&str> {
        self.0.text()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Textual> Textual for Option<T> {
    fn text(&self) -> Option<&str> {
        self.as_ref().and_then(Textual::text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_include_both_ends() {
        assert!(2_u32.within_int(Some(2), Some(6)) && 6_u32.within_int(Some(2), Some(6)));
        assert!(!1_u32.within_int(Some(2), Some(6)) && !7_i64.within_int(None, Some(6)));
        assert!(u64::MAX.within_int(Some(0), None));
        assert!(None::<u32>.within_int(Some(2), None));
        let half_open = Bounds {
            min: Some(0.0),
            max: Some(1.0),
            exclusive_min: false,
            exclusive_max: true,
        };
        assert!(0.0_f64.within(half_open) && !1.0_f64.within(half_open));
        let tenth = Bounds {
            max: Some(0.1),
            ..half_open
        };
        assert!(0.1_f32.within(Bounds {
            exclusive_max: false,
            ..tenth
        }));
    }

    #[test]
    fn texts_have_formats_and_what_is_absent_has_all() {
        assert!("a@example.com".has_format("email") && !"a".has_format("email"));
        assert!(!Some(String::from("a")).has_format("email"));
        assert!(None::<Text<'_>>.has_format("email"));
        assert!(!Cow::Borrowed("b").matches(&Pattern::new("^a")));
    }

    #[test]
    fn length_counts_characters_not_bytes() {
        assert!("äöü".has_length(Some(3), Some(3)));
        assert!(!vec![1, 2].has_length(None, Some(1)));
        assert!(None::<String>.has_length(Some(1), None));
    }
}
