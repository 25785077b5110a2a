//! Url-encoded forms and queries (URL Standard §5.1), but strict: what a lenient reader would
//! replace or guess is an error.

use zeroize::{Zeroize, Zeroizing};

use super::BodyError;
use super::fields::{Fields, Value};

pub(super) fn fields(body: &[u8]) -> Result<Fields, BodyError> {
    let mut fields = Fields::default();
    for pair in pairs(body) {
        let (name, value) = pair?;
        fields.add(name, Value::Text(Zeroizing::new(value)))?;
    }
    Ok(fields)
}

/// The names and values of a form or a query, in order. Each one is decoded when it is asked for.
pub(in crate::http) fn pairs(
    text: &[u8],
) -> impl Iterator<Item = Result<(String, String), BodyError>> {
    text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let split = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let (name, value) = (&pair[..split], pair.get(split + 1..).unwrap_or_default());
        Ok((decode(name)?, decode(value)?))
    })
}

/// Decodes one name or value: `+` is a blank, `%` two hexadecimal digits, the whole UTF-8.
pub(in crate::http) fn decode(text: &[u8]) -> Result<String, BodyError> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                match (bytes.next().copied().and_then(hex), bytes.next().copied().and_then(hex)) {
                    (Some(high), Some(low)) => high << 4 | low,
                    _ => return Err(BodyError::Malformed),
                }
            }
            byte => *byte,
        });
    }
    String::from_utf8(decoded).map_err(|error| {
        error.into_bytes().zeroize();
        BodyError::Malformed
    })
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<Vec<(String, String)>, BodyError> {
        pairs(text).collect()
    }

    #[test]
    fn blanks_signs_and_other_scripts_are_decoded() {
        let read = read(b"a=1+2%2B3&&b&=c&d=%C3%A9=x&e=%F0%9F%94%92").unwrap();
        let read: Vec<_> = read.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(
            read,
            [("a", "1 2+3"), ("b", ""), ("", "c"), ("d", "\u{e9}=x"), ("e", "\u{1f512}")]
        );
    }

    #[test]
    fn what_is_not_url_encoded_utf_8_is_malformed() {
        for body in [&b"a=%"[..], b"a=%4", b"a=%zz", b"a=%+1", b"a=%ff", b"a=\xff", b"%c3=1"] {
            assert_eq!(read(body), Err(BodyError::Malformed), "{body:?}");
        }
    }

    #[test]
    fn a_field_is_there_once_however_it_is_spelled() {
        assert_eq!(fields(b"email=a&email=a").err(), Some(BodyError::Repeated));
        assert_eq!(fields(b"email=a&%65mail=b").err(), Some(BodyError::Repeated));
    }

    #[test]
    fn reading_stops_at_the_33rd_member() {
        let at_most = (0..32).map(|n| format!("f{n}=1&&")).collect::<Vec<_>>().concat();
        assert!(fields(at_most.as_bytes()).is_ok());
        // A reader that goes on finds the text behind malformed.
        let more = format!("{at_most}one=more&a=%zz");
        assert_eq!(fields(more.as_bytes()).err(), Some(BodyError::TooManyMembers));
        let repeated = format!("{at_most}f0=1");
        assert_eq!(fields(repeated.as_bytes()).err(), Some(BodyError::Repeated));
    }
}
