//! What a type looks like in JSON, as far as a constant can say: what `#[mcp_tool(locked)]` asks types that no token
//! tells, such as aliases.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::marker::PhantomData;

use super::Text;

const INTEGER: u8 = 1;
const NUMBER: u8 = 2;
const STRING: u8 = 4;
const BOOLEAN: u8 = 8;
const ARRAY: u8 = 16;
const OBJECT: u8 = 32;

/// The outline of a type's JSON.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// The types that it lets through, as bits; 0 where that is not known.
    types: u8,
    /// The bounds of a whole number.
    bounds: Option<(i128, i128)>,
    /// The texts that there are, if they are few.
    values: Option<&'static [&'static str]>,
    optional: bool,
}

impl Shape {
    const fn of(types: u8) -> Self {
        Self {
            types,
            bounds: None,
            values: None,
            optional: false,
        }
    }

    const fn whole(min: i128, max: i128) -> Self {
        let mut shape = Self::of(INTEGER);
        shape.bounds = Some((min, max));
        shape
    }

    /// An object with named fields.
    pub const fn object() -> Self {
        Self::of(OBJECT)
    }

    /// One of these texts.
    pub const fn one_of(values: &'static [&'static str]) -> Self {
        let mut shape = Self::of(STRING);
        shape.values = Some(values);
        shape
    }

    /// Whether all these types are let through.
    pub const fn lets(&self, types: u8) -> bool {
        let own = if self.types & NUMBER != 0 {
            self.types | INTEGER
        } else {
            self.types
        };
        self.types == 0 || types & !own == 0
    }

    /// Whether callers may leave it out.
    pub const fn may_be_absent(&self) -> bool {
        self.types == 0 || self.optional
    }

    /// Whether this text is let through.
    pub const fn has(&self, value: &str) -> bool {
        let Some(values) = self.values else {
            return true;
        };
        let mut i = 0;
        while i < values.len() {
            if equal(values[i].as_bytes(), value.as_bytes()) {
                return true;
            }
            i += 1;
        }
        false
    }

    /// Whether it is more than a few values.
    pub const fn is_free(&self) -> bool {
        self.values.is_none()
    }

    /// Whether this whole number is not too small for it.
    pub const fn reaches_down_to(&self, number: i128) -> bool {
        match self.bounds {
            Some((min, _)) => min <= number,
            None => true,
        }
    }

    /// Whether this whole number is not too great for it.
    pub const fn reaches_up_to(&self, number: i128) -> bool {
        match self.bounds {
            Some((_, max)) => number <= max,
            None => true,
        }
    }
}

/// `==` on strings is not `const`.
const fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// A type whose outline is known.
pub trait Shaped {
    /// The outline.
    const SHAPE: Shape;
}

/// Asks a type for its outline: `<Probe<T>>::SHAPE` is the type's own where it is `Shaped`, else that of [`Unshaped`].
#[derive(Debug)]
pub struct Probe<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized + Shaped> Probe<T> {
    /// The outline.
    pub const SHAPE: Shape = T::SHAPE;
}

/// Every other type: nothing is known of it, and nothing is said against it.
pub trait Unshaped {
    /// No outline.
    const SHAPE: Shape = Shape::of(0);
}

impl<T: ?Sized> Unshaped for Probe<T> {}

macro_rules! shaped {
    ($([$($generics:tt)*] $ty:ty => $shape:expr;)*) => {$(
        impl<$($generics)*> Shaped for $ty {
            const SHAPE: Shape = $shape;
        }
    )*};
}
shaped! {
    [] u8 => Shape::whole(0, u8::MAX as i128);
    [] u16 => Shape::whole(0, u16::MAX as i128);
    [] u32 => Shape::whole(0, u32::MAX as i128);
    [] u64 => Shape::whole(0, u64::MAX as i128);
    [] usize => Shape::whole(0, u64::MAX as i128);
    [] i8 => Shape::whole(i8::MIN as i128, i8::MAX as i128);
    [] i16 => Shape::whole(i16::MIN as i128, i16::MAX as i128);
    [] i32 => Shape::whole(i32::MIN as i128, i32::MAX as i128);
    [] i64 => Shape::whole(i64::MIN as i128, i64::MAX as i128);
    [] isize => Shape::whole(i64::MIN as i128, i64::MAX as i128);
    [] f32 => Shape::of(NUMBER);
    [] f64 => Shape::of(NUMBER);
    [] bool => Shape::of(BOOLEAN);
    [] char => Shape::of(STRING);
    [] str => Shape::of(STRING);
    [] String => Shape::of(STRING);
    [] Text<'_> => Shape::of(STRING);
    [] Cow<'_, str> => Shape::of(STRING);
    [T] Vec<T> => Shape::of(ARRAY);
    [T, S] HashSet<T, S> => Shape::of(ARRAY);
    [T] BTreeSet<T> => Shape::of(ARRAY);
    [K, V, S] HashMap<K, V, S> => Shape::of(OBJECT);
    [K, V] BTreeMap<K, V> => Shape::of(OBJECT);
    [] serde_json::Map<String, serde_json::Value> => Shape::of(OBJECT);
    [T: Shaped] Box<T> => T::SHAPE;
    [T: Shaped] Option<T> => Shape { optional: true, ..T::SHAPE };
}

#[cfg(test)]
mod tests {
    use super::{Probe, Shape, Shaped, Unshaped as _};

    struct Opaque;
    type Sides = Option<u8>;

    enum Unit {}
    impl Shaped for Unit {
        const SHAPE: Shape = Shape::one_of(&["c", "f"]);
    }

    #[test]
    fn an_alias_is_seen_through_and_an_unknown_type_is_left_alone() {
        const SIDES: Shape = <Probe<Sides>>::SHAPE;
        assert!(SIDES.lets(1) && !SIDES.lets(4) && SIDES.may_be_absent());
        assert!(
            SIDES.reaches_up_to(255) && !SIDES.reaches_up_to(256) && !SIDES.reaches_down_to(-1)
        );
        const NUMBER: Shape = <Probe<f64>>::SHAPE;
        assert!(NUMBER.lets(1 | 2) && !NUMBER.may_be_absent() && NUMBER.is_free());
        const UNIT: Shape = <Probe<Unit>>::SHAPE;
        assert!(UNIT.has("c") && !UNIT.has("k") && !UNIT.is_free() && UNIT.lets(4));
        const OPAQUE: Shape = <Probe<Opaque>>::SHAPE;
        assert!(
            OPAQUE.lets(1 | 4) && OPAQUE.has("k") && OPAQUE.may_be_absent() && OPAQUE.is_free()
        );
    }
}
