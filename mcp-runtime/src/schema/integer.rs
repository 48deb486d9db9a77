//! A whole number of any size.

use std::fmt;
use std::num::TryFromIntError;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A whole number of any size, as JSON has it: its schema is `{"type": "integer"}` and no more.
///
/// A Rust integer publishes its own bounds, so that no client sends what cannot be read. This type is for a number
/// that should have no bounds, or one bound only: `#[arg(range(1..))] page: Integer`.
///
/// ```
/// use mcp_runtime::Integer;
/// let page = Integer::from(3);
/// assert_eq!(page.as_i64(), Some(3));
/// assert_eq!(u8::try_from(page).unwrap(), 3);
/// assert!(u8::try_from(Integer::from(300)).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Integer(Number);

/// JSON readers hand over what exceeds 64 bits as a float.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
enum Number {
    Exact(i128),
    Huge(f64),
}

/// Floats below this are exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Integer {
    /// The number, if it fits.
    pub fn as_i64(self) -> Option<i64> {
        i64::try_from(self).ok()
    }

    /// The number, if it fits.
    pub fn as_u64(self) -> Option<u64> {
        u64::try_from(self).ok()
    }

    /// The number, rounded where it exceeds 2^53.
    #[allow(clippy::cast_precision_loss)]
    pub fn as_f64(self) -> f64 {
        match self.0 {
            Number::Exact(number) => number as f64,
            Number::Huge(number) => number,
        }
    }

    /// The number as `i128`; saturates.
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn saturated(self) -> i128 {
        match self.0 {
            Number::Exact(number) => number,
            Number::Huge(number) => number as i128,
        }
    }
}

macro_rules! convert {
    ($($ty:ty)*) => {$(
        impl From<$ty> for Integer {
            #[allow(clippy::cast_lossless)]
            fn from(number: $ty) -> Self {
                Self(Number::Exact(number as i128))
            }
        }
        impl TryFrom<Integer> for $ty {
            type Error = TryFromIntError;
            fn try_from(number: Integer) -> Result<Self, TryFromIntError> {
                <$ty>::try_from(number.saturated())
            }
        }
    )*};
}
convert!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize);

impl From<i128> for Integer {
    fn from(number: i128) -> Self {
        Self(Number::Exact(number))
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Number::Exact(number) => number.fmt(f),
            Number::Huge(number) => number.fmt(f),
        }
    }
}

impl Serialize for Integer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Number::Exact(number) => match (i64::try_from(number), u64::try_from(number)) {
                (Ok(number), _) => serializer.serialize_i64(number),
                (_, Ok(number)) => serializer.serialize_u64(number),
                _ => serializer.serialize_f64(self.as_f64()),
            },
            Number::Huge(number) => serializer.serialize_f64(number),
        }
    }
}

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IntegerVisitor;
        impl Visitor<'_> for IntegerVisitor {
            type Value = Integer;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }
            fn visit_i64<E>(self, number: i64) -> Result<Integer, E> {
                Ok(number.into())
            }
            fn visit_u64<E>(self, number: u64) -> Result<Integer, E> {
                Ok(number.into())
            }
            #[allow(clippy::cast_possible_truncation)]
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Integer, E> {
                match number {
                    whole if whole.fract() != 0.0 || !whole.is_finite() => {
                        Err(E::invalid_value(de::Unexpected::Float(number), &self))
                    }
                    exact if exact.abs() <= EXACT => Ok(Integer::from(exact as i64)),
                    huge => Ok(Integer(Number::Huge(huge))),
                }
            }
        }
        deserializer.deserialize_any(IntegerVisitor)
    }
}

impl JsonSchema for Integer {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Integer".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_of_any_size_is_read_and_written() {
        let read = |json: &str| serde_json::from_str::<Integer>(json);
        assert_eq!(read("6").ok(), Some(Integer::from(6)));
        assert_eq!(read("6.0").ok(), Some(Integer::from(6)));
        assert_eq!(
            read("18446744073709551615").ok().and_then(Integer::as_u64),
            Some(u64::MAX)
        );
        let huge = read("1e300").expect("an integer");
        assert_eq!((huge.as_i64(), huge.as_f64()), (None, 1e300));
        assert_eq!(serde_json::to_string(&huge).ok().as_deref(), Some("1e+300"));
        assert!(read("6.5").is_err() && read("\"6\"").is_err());
    }
}
