//! JSON, read so that two readers can't understand it differently.
//!
//! Of two equal member names `serde_json` and most readers take the last, and some take the first.
//! An attacker who puts both into a token shows each reader another value. Names are compared after
//! their escapes are decoded.

use std::borrow::Cow;
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

/// The value of a member. A text without an escape is part of the document. [`Value`] has three times
/// the size, and the members of a token would not fit into a small block of the allocator.
#[derive(Debug)]
pub(super) enum Member<'t> {
    Text(Cow<'t, str>),
    Number(Number),
    List(Vec<Value>),
    /// An object, a boolean or null.
    Other(Box<Value>),
}

impl Member<'_> {
    /// Returns the text, or `None` for another type.
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::List(_) | Self::Other(_) => None,
        }
    }

    /// Returns the number, or `None` for another type.
    pub(super) fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(number) => Some(number),
            Self::Text(_) | Self::List(_) | Self::Other(_) => None,
        }
    }

    /// Returns the values of a list, or `None` for another type.
    pub(super) fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(values) => Some(values),
            Self::Text(_) | Self::Number(_) | Self::Other(_) => None,
        }
    }

    fn into_value(self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.into_owned()),
            Self::Number(number) => Value::Number(number),
            Self::List(values) => Value::Array(values),
            Self::Other(value) => *value,
        }
    }
}

/// The members of an object, in their order. A token has so few that a search is faster than a map.
#[derive(Debug)]
pub(super) struct Members<'t>(Vec<(Cow<'t, str>, Member<'t>)>);

impl Members<'_> {
    /// Returns the value of the member with this name.
    pub(super) fn get(&self, name: &str) -> Option<&Member<'_>> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Returns true if a member has this name.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Returns the number of members.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns true if two members have the same name.
    fn repeat(&self) -> bool {
        // An attacker chooses the number of members, so they are not compared in pairs.
        let mut names: Vec<_> = self.0.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names.windows(2).any(|pair| pair[0] == pair[1])
    }
}

/// Returns the members of the one object of the text if no member is repeated, at any depth.
/// `serde_json` refuses invalid UTF-8, a byte order mark, anything after the value, numbers beyond a
/// double, lone surrogates and more than 127 levels.
pub(super) fn unambiguous_object(text: &[u8]) -> Option<Members<'_>> {
    let mut ambiguous = false;
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let members = deserializer.deserialize_map(Object { ambiguous: &mut ambiguous }).ok()?;
    deserializer.end().ok()?;
    if ambiguous || members.repeat() { None } else { Some(members) }
}

/// Reads the members of an object and notes a repeated member in their values.
struct Object<'a> {
    ambiguous: &'a mut bool,
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members<'de>, A::Error> {
        // An access token has 14 members.
        let mut members = Vec::with_capacity(16);
        while let Some(name) = object.next_key_seed(Name)? {
            members.push((name, object.next_value_seed(Reader { ambiguous: self.ambiguous })?));
        }
        Ok(Members(members))
    }
}

/// Reads the name of a member.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut ambiguous = false;
        let value = Reader { ambiguous: &mut ambiguous }.deserialize(deserializer)?;
        Ok(Self { value: value.into_value(), ambiguous })
    }
}

/// Reads one value and notes a repeated member.
struct Reader<'a> {
    ambiguous: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Member<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Member<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Member<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Member<'de>, E> {
        Ok(Member::Other(Box::new(Value::Null)))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Member<'de>, E> {
        Ok(Member::Other(Box::new(Value::Bool(value))))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Member<'de>, E> {
        Ok(Member::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Member<'de>, E> {
        Ok(Member::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Member<'de>, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("not a number"))?;
        Ok(Member::Number(number))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Member<'de>, E> {
        Ok(Member::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Member<'de>, E> {
        Ok(Member::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Member<'de>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Reader { ambiguous: self.ambiguous })? {
            values.push(value.into_value());
        }
        Ok(Member::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Member<'de>, A::Error> {
        let mut members = Map::new();
        while let Some(name) = object.next_key::<String>()? {
            let value = object.next_value_seed(Reader { ambiguous: self.ambiguous })?;
            if members.insert(name, value.into_value()).is_some() {
                *self.ambiguous = true;
            }
        }
        Ok(Member::Other(Box::new(Value::Object(members))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_json_is_read_as_serde_json_reads_it() {
        let text = r#"{"a":[1,-2,3.5,null,true,{"b":"\u00e9\n"}],"c":18446744073709551615,"d":{}}"#;
        let expected: Value = serde_json::from_str(text).expect("JSON");
        let members = unambiguous_object(text.as_bytes()).expect("an object");
        let read = members
            .0
            .into_iter()
            .map(|(name, value)| (name.into_owned(), value.into_value()))
            .collect();
        assert_eq!(Value::Object(read), expected);
    }

    #[test]
    fn depth_is_limited() {
        let nested = |levels| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert!(unambiguous_object(nested(100).as_bytes()).is_some());
        assert!(unambiguous_object(nested(128).as_bytes()).is_none());
        assert!(unambiguous_object(nested(1_000_000).as_bytes()).is_none());
    }
}
