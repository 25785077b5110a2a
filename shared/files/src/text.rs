//! Text files of other programs. They may begin with a byte order mark and end a line with CRLF.

/// The bytes that some programs write before UTF-8 text.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The fault of a file that is not UTF-8 text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Another encoding, which `>` of Windows PowerShell and "Unicode" of some editors mean.
    #[error("it is UTF-16 text; save it as UTF-8")]
    Utf16,
    /// Bytes of another encoding, or no text.
    #[error("it is not UTF-8 text; save it as UTF-8")]
    NotUtf8,
}

impl From<TextError> for std::io::Error {
    fn from(error: TextError) -> Self {
        Self::new(std::io::ErrorKind::InvalidData, error)
    }
}

/// Returns the content of a text file after its byte order mark.
///
/// # Errors
///
/// [`TextError::Utf16`], recognised by its mark or by an ASCII character at the start.
pub fn without_mark(file: &[u8]) -> Result<&[u8], TextError> {
    match *file {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Err(TextError::Utf16),
        [first, second, ..] if (first == 0) != (second == 0) => Err(TextError::Utf16),
        _ => Ok(file.strip_prefix(MARK).unwrap_or(file)),
    }
}

/// Returns the text of a file after its byte order mark.
///
/// # Errors
///
/// The file is not UTF-8 text.
pub fn decode(file: &[u8]) -> Result<&str, TextError> {
    std::str::from_utf8(without_mark(file)?).map_err(|_| TextError::NotUtf8)
}

/// Returns the text without one line end after it. All other blanks stay: a password may have them.
pub fn without_line_end(text: &str) -> &str {
    let line = text.strip_suffix('\n').unwrap_or(text);
    line.strip_suffix('\r').unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mark_and_one_line_end_are_no_part_of_a_line() {
        for (file, line) in [
            ("a b", "a b"),
            ("\u{feff}a b", "a b"),
            ("\u{feff}a b\r\n", "a b"),
            (" a b \n", " a b "),
            ("a\n\n", "a\n"),
            ("a\r\n\r\n", "a\r\n"),
            ("a\u{feff}", "a\u{feff}"),
            ("\u{feff}\u{feff}a", "\u{feff}a"),
            ("ä\r", "ä"),
            ("\u{feff}", ""),
            ("", ""),
        ] {
            assert_eq!(decode(file.as_bytes()).map(without_line_end), Ok(line), "{file:?}");
        }
    }

    #[test]
    fn other_encodings_are_refused_by_name() {
        for file in [&b"\xff\xfea\0"[..], b"\xfe\xff\0a", b"a\0b\0", b"\0a\0b", b"\xff\xfe"] {
            assert_eq!(decode(file), Err(TextError::Utf16), "{file:?}");
        }
        for file in [&b"\xff"[..], b"p\xe4ss", b"\xef\xbb", b"\xef\xbb\xbf\xff"] {
            assert_eq!(decode(file), Err(TextError::NotUtf8), "{file:?}");
        }
        assert_eq!(decode(b"\0\0"), Ok("\0\0"));
        assert_eq!(decode(b"a"), Ok("a"));
    }
}
