//! Url-encoded forms and queries (URL Standard §5.1), read strictly: an escape or a byte that a
//! lenient reader replaces is an error.

use percent_encoding::percent_decode;
use zeroize::Zeroizing;

/// A text that is not url-encoded UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not url-encoded UTF-8")]
pub struct NotUrlEncoded;

/// Returns the names and values of a form or a query, in order. Each one is decoded when it is
/// asked for.
pub fn pairs(text: &[u8]) -> impl Iterator<Item = Result<(String, String), NotUrlEncoded>> {
    text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let mut half = || decode(halves.next().unwrap_or_default());
        Ok((half()?, half()?))
    })
}

/// Decodes one name or value: `+` is a space, `%` starts two hexadecimal digits, and all is UTF-8.
pub fn decode(text: &[u8]) -> Result<String, NotUrlEncoded> {
    let mut escapes = text.split(|byte| *byte == b'%').skip(1);
    let hexadecimal = |escape: &[u8]| {
        escape.get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !escapes.all(hexadecimal) {
        return Err(NotUrlEncoded);
    }
    let blank = |byte: &u8| if *byte == b'+' { b' ' } else { *byte };
    let spaced = Zeroizing::new(text.iter().map(blank).collect::<Vec<_>>());
    let decoded = percent_decode(&spaced).decode_utf8();
    decoded.map(Into::into).map_err(|_| NotUrlEncoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<Vec<(String, String)>, NotUrlEncoded> {
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
    fn invalid_url_encoding_is_malformed() {
        for body in [&b"a=%"[..], b"a=%4", b"a=%zz", b"a=%+1", b"a=%ff", b"a=\xff", b"%c3=1"] {
            assert_eq!(read(body), Err(NotUrlEncoded), "{body:?}");
        }
    }
}
