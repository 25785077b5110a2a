//! What a body says, field by field.

use zeroize::Zeroizing;

use super::BodyError;

/// The most members of a body: several times what any route asks for. Each name is compared with
/// those before it, so this bound keeps the time for a body linear in its length.
pub(super) const MOST_MEMBERS: usize = 32;

/// The fields of a body. Those that nobody asks for have no effect.
#[derive(Default)]
pub(in crate::http) struct Fields(Vec<(String, Value)>);

/// The value of a field.
pub(super) enum Value {
    /// A text; perhaps a password.
    Text(Zeroizing<String>),
    /// True or false.
    Flag(bool),
    /// An array of texts.
    Texts(Vec<String>),
    /// A number, an object, `null`: no field that is asked for is of such a type.
    OtherType,
}

/// A field is not of the type that it must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) struct WrongType(pub(in crate::http) &'static str);

impl Fields {
    /// Adds a field.
    ///
    /// # Errors
    ///
    /// [`BodyError::Repeated`] if the name is known, [`BodyError::TooManyMembers`] if there are
    /// [`MOST_MEMBERS`] already.
    pub(super) fn add(&mut self, name: String, value: Value) -> Result<(), BodyError> {
        if self.0.iter().any(|(known, _)| *known == name) {
            return Err(BodyError::Repeated);
        }
        if self.0.len() >= MOST_MEMBERS {
            return Err(BodyError::TooManyMembers);
        }
        self.0.push((name, value));
        Ok(())
    }

    /// Puts a text back that was taken.
    pub(in crate::http) fn put_back(&mut self, name: &'static str, text: Zeroizing<String>) {
        self.0.push((name.to_owned(), Value::Text(text)));
    }

    /// The text of a field; an empty one if it is left out.
    pub(in crate::http) fn take(
        &mut self,
        name: &'static str,
    ) -> Result<Zeroizing<String>, WrongType> {
        let Some(at) = self.0.iter().position(|(known, _)| known == name) else {
            return Ok(Zeroizing::default());
        };
        match self.0.swap_remove(at).1 {
            Value::Text(text) => Ok(text),
            Value::Flag(_) | Value::Texts(_) | Value::OtherType => Err(WrongType(name)),
        }
    }

    /// A field that is true or false, in a form as these words; false if it is left out.
    pub(in crate::http) fn take_flag(&mut self, name: &'static str) -> Result<bool, WrongType> {
        let Some(at) = self.0.iter().position(|(known, _)| known == name) else {
            return Ok(false);
        };
        match self.0.swap_remove(at).1 {
            Value::Flag(flag) => Ok(flag),
            Value::Text(text) if text.as_str() == "true" => Ok(true),
            Value::Text(text) if text.as_str() == "false" => Ok(false),
            Value::Text(_) | Value::Texts(_) | Value::OtherType => Err(WrongType(name)),
        }
    }

    /// A field that is an array of texts, as only JSON has them; an empty one if it is left out.
    pub(in crate::http) fn take_texts(
        &mut self,
        name: &'static str,
    ) -> Result<Vec<String>, WrongType> {
        let Some(at) = self.0.iter().position(|(known, _)| known == name) else {
            return Ok(Vec::new());
        };
        match self.0.swap_remove(at).1 {
            Value::Texts(texts) => Ok(texts),
            Value::Text(_) | Value::Flag(_) | Value::OtherType => Err(WrongType(name)),
        }
    }
}
