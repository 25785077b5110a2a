//! JSON, read so that two readers can't understand it differently.
//!
//! Of two equal member names `serde_json` and most readers take the last, and some take the first.
//! An attacker who puts both into a token shows each reader another value. Names are compared after
//! their escapes are decoded.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A value, and a flag for a repeated member in any object of it, at any depth.
#[derive(Debug)]
pub(super) struct Document {
    /// The value. Of two equal members it contains the last.
    pub(super) value: Value,
    /// True if a member is repeated.
    pub(super) ambiguous: bool,
}

/// Returns the one object of the text if no member is repeated. `serde_json` refuses invalid UTF-8,
/// a byte order mark, anything after the value, numbers beyond a double, lone surrogates and more
/// than 127 levels.
pub(super) fn unambiguous_object(text: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(text) {
        Ok(Document { value: Value::Object(members), ambiguous: false }) => Some(members),
        _ => None,
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut ambiguous = false;
        let value = Reader { ambiguous: &mut ambiguous }.deserialize(deserializer)?;
        Ok(Self { value, ambiguous })
    }
}

/// Reads one value and notes a repeated member.
struct Reader<'a> {
    ambiguous: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Reader { ambiguous: self.ambiguous })? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = object.next_key::<String>()? {
            let value = object.next_value_seed(Reader { ambiguous: self.ambiguous })?;
            if members.insert(name, value).is_some() {
                *self.ambiguous = true;
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_json_is_read_as_serde_json_reads_it() {
        let text = r#"{"a":[1,-2,3.5,null,true,{"b":"\u00e9\n"}],"c":18446744073709551615,"d":{}}"#;
        let expected: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(unambiguous_object(text.as_bytes()).map(Value::Object), Some(expected));
    }

    #[test]
    fn depth_is_limited() {
        let nested = |levels| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert!(unambiguous_object(nested(100).as_bytes()).is_some());
        assert!(unambiguous_object(nested(128).as_bytes()).is_none());
        assert!(unambiguous_object(nested(1_000_000).as_bytes()).is_none());
    }
}
