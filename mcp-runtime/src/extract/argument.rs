//! What a caller sends: one pass over the JSON object fills one slot per parameter.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::descriptor::Param;
use crate::protocol::string;

/// A type that a caller can send as JSON. Every `Deserialize + JsonSchema` type is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a tool",
    label = "the caller sends this parameter as JSON",
    note = "derive it with #[mcp_type], or with serde's `Deserialize` and schemars' `JsonSchema`",
    note = "if the server provides it, take it by reference: `&{Self}`"
)]
// No supertraits: the compiler would report each of them in place of this trait.
pub trait ArgumentType<'de>: Sized {
    /// Reads a value.
    #[doc(hidden)]
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
    /// Its schema.
    #[doc(hidden)]
    fn schema(generator: &mut SchemaGenerator) -> Schema;
}

#[diagnostic::do_not_recommend]
impl<'de, T: Deserialize<'de> + JsonSchema> ArgumentType<'de> for T {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}

/// One parameter, by what it is read as. Every owned [`ArgumentType`] stands for itself.
///
/// The macros name each parameter by a type of its own instead. So a type that cannot be sent breaks one obligation
/// only, that of the parameter's `Value`, and the compiler says so once, where the user wrote the type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a tool",
    label = "the caller sends this parameter as JSON",
    note = "derive it with #[mcp_type], or with serde's `Deserialize` and schemars' `JsonSchema`"
)]
pub trait Argument {
    /// The type, which may borrow from the request.
    type Value<'de>: ArgumentType<'de>;
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema> Argument for T {
    type Value<'de> = T;
}

/// The schema of a parameter's type.
pub(crate) fn schema<P: Argument>(generator: &mut SchemaGenerator) -> Schema {
    P::Value::<'static>::schema(generator)
}

/// Whether a parameter's type has a value for "not sent", as `Option` has.
pub(crate) fn may_be_absent<P: Argument>() -> bool {
    absent::<P::Value<'static>>().is_some()
}

/// What is wrong with a value for a parameter, if anything.
pub(crate) fn try_decode<P: Argument>(value: &Value) -> Result<(), String> {
    P::Value::read(value).map(drop).map_err(|e| e.to_string())
}

/// The value of a type for "not sent": `None` for an `Option`, nothing for most others.
///
/// Asked of the type itself, not of its name, so that aliases and newtypes of `Option` work.
pub(crate) fn absent<'de, T: ArgumentType<'de>>() -> Option<T> {
    struct Absent;
    impl<'de> Deserializer<'de> for Absent {
        type Error = de::value::Error;
        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(de::Error::custom("missing"))
        }
        fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            visitor.visit_none()
        }
        fn deserialize_newtype_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            visitor: V,
        ) -> Result<V::Value, Self::Error> {
            visitor.visit_newtype_struct(self)
        }
        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
            unit unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
        }
    }
    T::read(Absent).ok()
}

/// A `&str` argument: borrowed from the request where it holds no escapes.
pub struct Text<'a>(Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for Text<'_> {
    fn from(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl JsonSchema for Text<'_> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        str::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        str::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        string(deserializer).map(Text)
    }
}

/// The parameters of a signature, as a list: `(A, (B, ()))`.
pub trait Arguments {
    /// What was sent: `(Option<A>, (Option<B>, ()))`.
    type Slots<'de>;
    /// Nothing sent yet.
    #[doc(hidden)]
    fn empty<'de>() -> Self::Slots<'de>;
    /// Reads the value of the parameter with this index. A parameter sent twice is an error.
    #[doc(hidden)]
    fn fill<'de, A: MapAccess<'de>>(
        slots: &mut Self::Slots<'de>,
        index: usize,
        map: &mut A,
    ) -> Result<(), A::Error>;
    /// Whether everything required was sent.
    #[doc(hidden)]
    fn complete(slots: &Self::Slots<'_>, params: &[&'static Param]) -> bool;
}

impl Arguments for () {
    type Slots<'de> = ();
    fn empty<'de>() -> Self::Slots<'de> {}
    fn fill<'de, A: MapAccess<'de>>((): &mut (), _: usize, map: &mut A) -> Result<(), A::Error> {
        map.next_value::<IgnoredAny>().map(drop)
    }
    fn complete((): &(), _: &[&'static Param]) -> bool {
        true
    }
}

impl<P: Argument, R: Arguments> Arguments for (P, R) {
    type Slots<'de> = (Option<P::Value<'de>>, R::Slots<'de>);

    fn empty<'de>() -> Self::Slots<'de> {
        (None, R::empty())
    }

    fn fill<'de, A: MapAccess<'de>>(
        (slot, rest): &mut Self::Slots<'de>,
        index: usize,
        map: &mut A,
    ) -> Result<(), A::Error> {
        if index > 0 {
            return R::fill(rest, index - 1, map);
        }
        if slot.is_some() {
            return Err(de::Error::custom("an argument is there twice"));
        }
        *slot = Some(map.next_value_seed(ValueOf::<P>(PhantomData))?);
        Ok(())
    }

    fn complete((slot, rest): &Self::Slots<'_>, params: &[&'static Param]) -> bool {
        let Some((param, params)) = params.split_first() else {
            return true;
        };
        (slot.is_some() || !param.is_required()) && R::complete(rest, params)
    }
}

/// Reads the value of a parameter.
struct ValueOf<P>(PhantomData<P>);

impl<'de, P: Argument> DeserializeSeed<'de> for ValueOf<P> {
    type Value = P::Value<'de>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        P::Value::read(deserializer)
    }
}

/// Reads a JSON object into the slots, in one pass. An unknown key is an error unless `open`.
pub(crate) fn decode<'de, S: Arguments>(
    json: &'de [u8],
    params: &[&'static Param],
    open: bool,
) -> Result<S::Slots<'de>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let slots = deserializer.deserialize_map(ObjectVisitor {
        params,
        open,
        arguments: PhantomData::<S>,
    })?;
    deserializer.end()?;
    Ok(slots)
}

struct ObjectVisitor<'p, S> {
    params: &'p [&'static Param],
    open: bool,
    arguments: PhantomData<S>,
}

impl<'de, S: Arguments> Visitor<'de> for ObjectVisitor<'_, S> {
    type Value = S::Slots<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the arguments")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<S::Slots<'de>, A::Error> {
        let mut slots = S::empty();
        while let Some(index) = map.next_key_seed(ParamName(self.params))? {
            if index.is_none() && !self.open {
                return Err(de::Error::custom("unknown argument"));
            }
            S::fill(&mut slots, index.unwrap_or(usize::MAX), &mut map)?;
        }
        Ok(slots)
    }
}

/// Finds a key among the parameters without allocating.
struct ParamName<'p>(&'p [&'static Param]);

impl<'de> DeserializeSeed<'de> for ParamName<'_> {
    type Value = Option<usize>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de> Visitor<'de> for ParamName<'_> {
    type Value = Option<usize>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of an argument")
    }
    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|p| p.name == name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static A: Param = Param::of::<u32>("a");
    static B: Param = Param::of::<Option<String>>("b");

    type Two = (u32, (Option<String>, ()));
    type Sent = (Option<u32>, (Option<Option<String>>, ()));

    fn two(json: &str, open: bool) -> Result<Sent, String> {
        decode::<Two>(json.as_bytes(), &[&A, &B], open).map_err(|e| e.to_string())
    }

    #[test]
    fn one_pass_fills_the_slots_in_any_order() {
        assert_eq!(
            two(r#"{"b":"x","a":1}"#, false),
            Ok((Some(1), (Some(Some("x".into())), ())))
        );
        assert_eq!(two(r#"{}"#, false), Ok((None, (None, ()))));
    }

    #[test]
    fn an_unknown_key_passes_only_if_open() {
        assert!(two(r#"{"a":1,"c":[1,{}]}"#, false).is_err());
        assert_eq!(
            two(r#"{"a":1,"c":[1,{}]}"#, true),
            Ok((Some(1), (None, ())))
        );
    }

    #[test]
    fn twice_is_an_error() {
        assert!(two(r#"{"a":1,"a":2}"#, false).is_err());
    }

    #[test]
    fn only_an_option_may_be_absent() {
        type Alias = Option<u32>;
        assert!(may_be_absent::<Alias>());
        assert!(!may_be_absent::<u32>());
        assert!(!may_be_absent::<Value>());
        assert!(A.is_required() && !B.is_required());
    }

    #[test]
    fn a_text_borrows_unless_escaped() {
        struct Borrowed;
        impl Argument for Borrowed {
            type Value<'de> = Text<'de>;
        }
        let slots = decode::<(Borrowed, ())>(br#"{"a":"plain"}"#, &[&A], false);
        assert!(matches!(
            slots,
            Ok((Some(Text(Cow::Borrowed("plain"))), ()))
        ));
        let slots = decode::<(Borrowed, ())>(br#"{"a":"a\nb"}"#, &[&A], false);
        assert!(matches!(slots, Ok((Some(Text(Cow::Owned(_))), ()))));
    }
}
