//! A body in JSON: one object, every member at most once however it is spelled.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use zeroize::Zeroizing;

use super::BodyError;
use super::fields::{Fields, MOST_MEMBERS, Value};

pub(super) fn fields(body: &[u8]) -> Result<Fields, BodyError> {
    match serde_json::from_slice::<Members>(body) {
        Ok(Members(members)) => {
            let mut fields = Fields::default();
            for (name, value) in members {
                fields.add(name, value)?;
            }
            Ok(fields)
        }
        // Sound JSON of another shape; what follows it must be sound, too.
        Err(error) if error.classify() == Category::Data => {
            let sound = serde_json::from_slice::<IgnoredAny>(body).is_ok();
            Err(if sound { BodyError::NotAnObject } else { BodyError::Malformed })
        }
        Err(_) => Err(BodyError::Malformed),
    }
}

struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        // One more than is taken, so that the reader sees that there are too many.
        while members.len() <= MOST_MEMBERS
            && let Some(member) = map.next_entry()?
        {
            members.push(member);
        }
        // A text that is no JSON is malformed, however many members come before the fault.
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Members(members))
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor { element: false })
    }
}

/// Looks into an array, but into none that is an element: depth costs nothing.
struct ValueVisitor {
    element: bool,
}

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(Zeroizing::new(text.to_owned())))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Value, E> {
        Ok(Value::OtherType)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Value, E> {
        Ok(Value::OtherType)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Value, E> {
        Ok(Value::OtherType)
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::OtherType)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        if self.element {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Value::OtherType);
        }
        let mut texts = Some(Vec::new());
        while let Some(Element(element)) = seq.next_element()? {
            match (&mut texts, element) {
                (Some(texts), Some(element)) => texts.push(element),
                _ => texts = None,
            }
        }
        Ok(texts.map_or(Value::OtherType, Value::Texts))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::OtherType)
    }
}

/// An element of an array, if it is a text.
struct Element(Option<String>);

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match deserializer.deserialize_any(ValueVisitor { element: true })? {
            Value::Text(text) => Some(text.to_string()),
            _ => None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body::WrongType;

    #[test]
    fn an_array_of_texts_is_told_apart_from_every_other_one() {
        let body =
            br#"{"a":["x","\u0079"],"b":[],"c":["x",1],"d":[["x"]],"e":"x","f":[null],"g":{}}"#;
        let mut read = fields(body).unwrap();
        assert_eq!(read.take_texts("a").unwrap(), ["x", "y"]);
        assert_eq!(read.take_texts("b").unwrap(), [""; 0]);
        assert_eq!(read.take_texts("nothing").unwrap(), [""; 0]);
        for name in ["c", "d", "e", "f", "g"] {
            assert_eq!(read.take_texts(name), Err(WrongType(name)));
        }
    }

    fn error(body: &str) -> BodyError {
        fields(body.as_bytes()).err().unwrap_or_else(|| panic!("{body} was taken"))
    }

    #[test]
    fn a_member_is_there_once_however_it_is_spelled() {
        assert_eq!(error(r#"{"a":"1","a":"2"}"#), BodyError::Repeated);
        assert_eq!(error(r#"{"email":"1","\u0065mail":"2"}"#), BodyError::Repeated);
    }

    #[test]
    fn members_beyond_the_32nd_are_counted_and_not_kept() {
        let many = |count: usize| {
            let members: Vec<_> = (0..count).map(|n| format!("\"f{n}\":{{\"a\":[]}}")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(fields(many(32).as_bytes()).is_ok());
        assert_eq!(error(&many(33)), BodyError::TooManyMembers);
        let Members(kept) = serde_json::from_str(&many(1_000)).unwrap();
        assert_eq!(kept.len(), MOST_MEMBERS + 1);
        assert_eq!(error(&many(40).replace('}', "")), BodyError::Malformed);
        let nested = format!("{{\"a\":{}}}", many(1_000));
        assert!(fields(nested.as_bytes()).is_ok());
    }

    #[test]
    fn members_of_other_types_are_told_apart_from_missing_ones() {
        let mut read =
            fields(br#"{"a":null,"b":1e300,"c":[[{}]],"d":{"a":{}},"e":true,"f":-1,"g":"x"}"#)
                .unwrap();
        for name in ["a", "b", "c", "d", "e", "f"] {
            assert_eq!(read.take(name), Err(WrongType(name)));
        }
        assert_eq!(read.take("g").unwrap().as_str(), "x");
        assert_eq!(read.take("h").unwrap().as_str(), "");
    }

    #[test]
    fn other_shapes_and_broken_texts_are_refused_each_in_its_way() {
        for body in ["[]", "null", "\"x\"", "1", "true", "[{\"a\":1}]"] {
            assert_eq!(error(body), BodyError::NotAnObject, "{body}");
        }
        for body in [
            " ",
            "{",
            "{}x",
            "[] x",
            "{'a':1}",
            "{\"a\":1,}",
            "\u{feff}{}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":NaN}",
            "{\"a\" \"b\"}",
            "[1,]",
            "// x\n{}",
            "{\"a\":1e999}",
        ] {
            assert_eq!(error(body), BodyError::Malformed, "{body}");
        }
        assert_eq!(fields(b"{\"a\":\"\xff\"}").err(), Some(BodyError::Malformed));
    }

    #[test]
    fn depth_costs_nothing() {
        for open in ["[", "{\"a\":", "{\"a\":["] {
            let deep = open.repeat(16_000 / open.len());
            assert!(matches!(error(&deep), BodyError::Malformed | BodyError::NotAnObject));
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(8_000), "]".repeat(8_000));
        assert_eq!(fields(deep.as_bytes()).unwrap().take("a"), Err(WrongType("a")));
    }
}
