//! Reads JSON as JSON Schema means it.
//!
//! An object is never read from an array: serde's structs also accept their members as a sequence,
//! and a body that is wrong would be taken for something that nobody meant. A number without a
//! fraction is an integer, however it is written: `5.0` is one (JSON Schema, core, 6.3).

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor,
};
use serde_json::{Error, Value};

/// Up to here a double holds every integer: 2^53.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// What a null is where a member may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Null {
    /// As if the member were left out.
    LeftOut,
    /// A value that is not allowed.
    Refused,
}

/// Reads `value` as a `T`.
pub(crate) fn read<T: DeserializeOwned>(value: Value, null: Null) -> Result<T, Error> {
    T::deserialize(ByName { value, null })
}

struct ByName {
    value: Value,
    null: Null,
}

/// A number without a fraction as an integer.
fn whole(value: Value) -> Value {
    let number = value.as_f64().filter(|_| value.is_f64());
    match number.filter(|it| it.fract() == 0.0 && it.abs() <= EXACT_MAX) {
        // Exact: checked above.
        Some(number) => Value::from(number as i64),
        None => value,
    }
}

impl<'de> Deserializer<'de> for ByName {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let null = self.null;
        match self.value {
            Value::Array(items) => {
                let items = items.into_iter().map(|value| Self { value, null });
                visitor.visit_seq(SeqDeserializer::new(items))
            }
            Value::Object(members) => {
                let members = members.into_iter().map(|(name, value)| (name, Self { value, null }));
                visitor.visit_map(MapDeserializer::new(members))
            }
            value => whole(value).deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match (&self.value, self.null) {
            (Value::Null, Null::LeftOut) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.value {
            Value::Array(_) => Err(Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.value.deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for ByName {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Default, Deserialize)]
    #[serde(default)]
    struct Outer {
        inner: Inner,
        list: Vec<Inner>,
        text: Option<String>,
    }

    #[derive(Debug, PartialEq, Default, Deserialize)]
    #[serde(default)]
    struct Inner {
        count: i64,
    }

    #[test]
    fn objects_are_read_by_name_only_however_deep() {
        let whole = json!({ "inner": { "count": 1 }, "list": [{ "count": 2 }], "text": "a" });
        let outer: Outer = read(whole, Null::Refused).unwrap();
        assert_eq!((outer.inner.count, outer.list.len(), outer.text.unwrap().len()), (1, 1, 1));
        for wrong in [json!([]), json!({ "inner": [1] }), json!({ "list": [[1]] })] {
            assert!(read::<Outer>(wrong.clone(), Null::LeftOut).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_number_without_a_fraction_is_an_integer() {
        let count = |text: &str| {
            let value = serde_json::from_str(text).unwrap();
            read::<Inner>(value, Null::LeftOut).ok().map(|inner| inner.count)
        };
        for (text, read) in [
            (r#"{ "count": 5.0 }"#, Some(5)),
            (r#"{ "count": -2e3 }"#, Some(-2000)),
            (r#"{ "count": 5.5 }"#, None),
            (r#"{ "count": 1e300 }"#, None),
        ] {
            assert_eq!(count(text), read, "{text}");
        }
    }

    #[test]
    fn a_null_is_left_out_or_refused() {
        let null = json!({ "text": null });
        assert_eq!(read::<Outer>(null.clone(), Null::LeftOut).unwrap(), Outer::default());
        assert!(read::<Outer>(null, Null::Refused).is_err());
    }
}
