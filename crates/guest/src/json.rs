//! Reads JSON by names: an object is never read from an array, whose order no client can know.
//!
//! Serde's structs also accept their members as a sequence. A body that is wrong would then be
//! taken for something that nobody meant.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor,
};
use serde_json::{Error, Value};

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
            value => value.deserialize_any(visitor),
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
    fn a_null_is_left_out_or_refused() {
        let null = json!({ "text": null });
        assert_eq!(read::<Outer>(null.clone(), Null::LeftOut).unwrap(), Outer::default());
        assert!(read::<Outer>(null, Null::Refused).is_err());
    }
}
